// Findings about the conduct of clients, each with its history.

import {conduct} from "./control_api.js";
import {fill, list, show, slot, write} from "./dom.js";

const findings = document.getElementById("finding-list");
const none = document.getElementById("no-findings");
const count = document.getElementById("finding-count");
const REST = 10; // judging takes the emulator's time: at most a tenth of it
let judged = "";
let next = 0;

/** Asks for the findings if a request came or a minute passed since the last time. */
export async function followConduct(state) {
  const seen = `${state.requests[0]?.number ?? 0} ${Math.floor(state.clock.now / 60)}`;
  if (seen === judged || performance.now() < next) return;
  const start = performance.now();
  next = Infinity;
  try {
    showConduct(await conduct());
    judged = seen;
  } catch {
    // the page itself reports that the emulator does not answer
  } finally {
    next = performance.now() + REST * (performance.now() - start);
  }
}

function showConduct({count: total, findings: found}) {
  show(none, !found.length);
  write(count, total > found.length ? `${found.length} of ${total}` : total || "");
  const seen = new Map();
  list(findings, found, "finding", (each) => keyOf(each, seen), showFinding);
}

/** Returns a key that a finding keeps when others come: its rule, its task, and which of those it is. */
function keyOf({rule, task}, seen) {
  const name = `${rule} ${task}`;
  seen.set(name, (seen.get(name) ?? 0) + 1);
  return `${name} ${seen.get(name)}`;
}

function showFinding(node, finding) {
  const {rule, text, statement, story} = finding;
  fill(node, {rule, text, statement});
  list(slot(node, "story"), story, "event", (_, index) => index, write);
}
