// A careful client of the API in JavaScript, without packages: creates a task, waits for it, saves its pictures.
// It takes its order from the environment, as `wan-conformance client -- node node-client.mjs` sets it.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const { env } = process;
const CANNOT = 77; // the exit code for an order that this client does not offer
const until = Date.now() + 1000 * Number(env.WAN_TIMEOUT);
let task = "";

class Failure extends Error {}

/** Milliseconds that are left for one request or pause. */
function left() {
  if (Date.now() >= until) throw new Failure(`timed out; the task is ${task || "not known"}`);
  return until - Date.now();
}

/** Send a request and return status, headers and the parsed body, which is null if it is not JSON. */
async function api(method, path, headers = {}, body = undefined) {
  const response = await fetch(env.DASHSCOPE_HTTP_BASE_URL + path, {
    method,
    headers: { Authorization: `Bearer ${env.DASHSCOPE_API_KEY}`, ...headers },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(left()),
    redirect: "error", // the key must not reach another server
  });
  const text = await response.text();
  let value = null;
  try {
    value = JSON.parse(text);
  } catch {} // the page of a proxy
  return { status: response.status, headers: response.headers, value, text };
}

/** After a refusal for overload: as long as the service asks for, else two seconds. */
const pause = (answer) => sleep(Math.min(1000 * (Number(answer.headers.get("retry-after")) || 2), left()));

/** Path and input of the request for a model. */
function request(model) {
  const images = env.WAN_IMAGES.split("\n").filter(Boolean);
  if (/^wan2\.[67]-/.test(model)) {
    const content = [...images.map((image) => ({ image })), { text: env.WAN_PROMPT }];
    return ["/services/aigc/image-generation/generation", { messages: [{ role: "user", content }] }];
  }
  if (model.startsWith("wan2.5-")) {
    return ["/services/aigc/image2image/image-synthesis", { prompt: env.WAN_PROMPT, images }];
  }
  process.exit(CANNOT);
}

/** Create the task. This is billed: it is sent again only if the service states that it has not accepted it. */
async function create() {
  const model = env.WAN_MODEL;
  const [path, input] = request(model);
  const headers = { "X-DashScope-Async": "enable", "Content-Type": "application/json" };
  while (true) {
    const body = { model, input, parameters: JSON.parse(env.WAN_PARAMETERS) };
    const answer = await api("POST", path, headers, body).catch((error) => {
      throw new Failure(`the service may have accepted the call: look for its task first (${error.message})`);
    });
    if (answer.status === 429 && answer.value) {
      await pause(answer);
      continue;
    }
    const id = answer.value?.output?.task_id;
    if (answer.status !== 200 || !id) throw new Failure(`no task: ${answer.status} ${answer.text}`);
    return id;
  }
}

/** Wait until the task ends and return its output. */
async function finish() {
  for (let gap = 1000; ; gap = Math.min(gap * 2, 10_000)) {
    await sleep(Math.min(gap, left()));
    const answer = await api("GET", `/tasks/${encodeURIComponent(task)}`).catch(() => null);
    if (answer?.status === 429 || answer?.status >= 500) await pause(answer);
    const output = answer?.status === 200 ? answer.value?.output : null;
    if (output?.task_id !== task) continue;
    if (output.task_status === "SUCCEEDED") return output;
    if (["FAILED", "CANCELED", "UNKNOWN"].includes(output.task_status)) {
      throw new Failure(`the task ended without pictures: ${answer.text}`);
    }
  }
}

/** The links of all pictures, in whichever member they are. */
const links = (output) => [
  ...(output.results ?? []).flatMap((result) => result.url ?? []),
  ...(output.choices ?? []).flatMap((choice) => choice.message.content.flatMap((part) => part.image ?? [])),
];

/** Save a picture. Its link is signed: the key is not sent with it. */
async function save(link, number) {
  for (let tries = 1; ; tries++) {
    try {
      const response = await fetch(link, { signal: AbortSignal.timeout(left()) });
      if (!response.ok) throw new Failure(`picture ${number} was not saved: status ${response.status}`);
      return await writeFile(join(env.WAN_OUT, `${number}.png`), Buffer.from(await response.arrayBuffer()));
    } catch (error) {
      if (error instanceof Failure || tries === 3) throw error;
      await sleep(Math.min(1000, left()));
    }
  }
}

if (env.WAN_CALL !== "async") process.exit(CANNOT);
try {
  task = await create();
  console.log(`task ${task}`);
  const found = links(await finish());
  if (!found.length) throw new Failure("the task has no pictures");
  for (const [index, link] of found.entries()) await save(link, index + 1);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
