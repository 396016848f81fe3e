// The received requests, newest first.

import {fill, list, mark, show, slot} from "./dom.js";
import {showRules} from "./rules.js";
import {brief, writeTime} from "./times.js";

const requests = document.getElementById("request-list");
const none = document.getElementById("no-requests");
const brokenOnly = document.getElementById("broken-only");
let last = {seen: [], now: 0};

/** Shows them; those that broke a rule alone where that is asked. */
export function showRequests(seen, now = last.now) {
  last = {seen, now};
  const shown = brokenOnly.checked ? seen.filter((request) => request.rules.length) : seen;
  show(none, !shown.length);
  list(requests, shown, "request", (request, index) => request.number ?? index, (node, request) => showRequest(node, request, now));
}

/** Lets the filter work. */
export function startRequests() {
  brokenOnly.addEventListener("change", () => showRequests(last.seen));
}

function showRequest(node, request, now) {
  const fault = request.fault ? `injected fault ${request.fault}` : "";
  const call = request.call || "not an API call";
  fill(node, {status: request.status, method: request.method, path: request.path, call, fault});
  mark(node, "data-class", Math.floor(request.status / 100));
  writeTime(slot(node, "at"), request.at, brief(request.at, now));
  showRules(slot(node, "rules"), request.rules);
}
