// What the page calls of the emulator; nothing else is ever asked.

const SURFACE = "/_/";
const PATIENCE = 10000;

/** The state of everything. Throws where there is no answer. */
export function state() {
  return call("state", {});
}

/** Does something; what comes back is the surface's answer. Throws with its words where it refuses. */
export function tell(path, body = {}) {
  const headers = {"content-type": "application/json", "x-wan-control": "page"};
  return call(path, {method: "POST", headers, body: JSON.stringify(body)});
}

/** Where a picture of a task is; width 0: as it is. */
export function pictureOf(id, number, width = 0) {
  const path = `${SURFACE}tasks/${encodeURIComponent(id)}/pictures/${number}.png`;
  return width ? `${path}?width=${width}` : path;
}

/** Where one does something to a task. */
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
