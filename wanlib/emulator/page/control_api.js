// The control API: the only requests that the page sends.

const SURFACE = "/_/";
const PATIENCE = 10000;

/** Returns the complete state. Throws without a response. */
export function state() {
  return call("state", {});
}

/** Returns the findings on the conduct of clients. Throws without a response. */
export function conduct() {
  return call("conduct", {});
}

/** Posts an action and returns the response. Throws its error message if it is refused. */
export function postAction(path, body = {}) {
  const headers = {"content-type": "application/json", "x-wan-control": "page"};
  return call(path, {method: "POST", headers, body: JSON.stringify(body)});
}

/** Returns the URL of a picture of a task; width 0 means the original size. */
export function pictureOf(id, number, width = 0) {
  const path = `${SURFACE}tasks/${encodeURIComponent(id)}/pictures/${number}.png`;
  return width ? `${path}?width=${width}` : path;
}

/** Returns the path of an action on a task. */
export function pathOf(id, action) {
  return `tasks/${encodeURIComponent(id)}/${action}`;
}

async function call(path, options) {
  const signal = AbortSignal.timeout(PATIENCE);
  const answer = await fetch(SURFACE + path, {...options, signal, cache: "no-store", credentials: "omit"});
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.error ?? `status ${answer.status}`);
  return found;
}
