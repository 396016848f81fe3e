// The clock, and the buttons that advance it where it is a manual one.

import {postAction} from "./control_api.js";
import {show, write} from "./dom.js";
import {act, announce} from "./announcements.js";
import {moment, writeTime} from "./times.js";

const now = document.getElementById("now");
const kind = document.getElementById("kind");
const advance = document.getElementById("advance");

/** Shows the time. */
export function showClock(clock) {
  writeTime(now, clock.now, moment(clock.now));
  write(kind, clock.manual ? "UTC, manual" : "UTC, real time");
  show(advance, clock.manual);
}

/** Lets the buttons work; `refresh` is called when time has passed. */
export function startClock(refresh) {
  advance.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) act(button, () => step(button, refresh));
  });
}

async function step(button, refresh) {
  await postAction("clock", {seconds: Number(button.dataset.seconds)});
  await refresh();
  announce(`The clock was advanced by ${button.dataset.name}: ${now.textContent}.`);
}
