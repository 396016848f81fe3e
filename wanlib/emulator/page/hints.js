// How to connect a client. Open while there is nothing else to show.

import {show} from "./dom.js";
import {showProblem, announce} from "./announcements.js";

const BASE_PATH = "/api/v1";
const hints = document.getElementById("hints");
let touched = false;

/** Writes this server's address into the lines and lets the copy buttons work. */
export function startHints() {
  for (const place of hints.querySelectorAll("[data-base]")) place.textContent = location.origin + BASE_PATH;
  hints.addEventListener("click", (event) => {
    touched = true;
    const button = event.target.closest("[data-copy]");
    if (button) copy(button, document.getElementById(button.dataset.copy));
  });
}

/** Opens for who has no tasks, and closes when the first comes, unless somebody is at it. */
export function showHints(empty) {
  const busy = touched || hints.contains(document.activeElement);
  if ((hints.hidden || !busy) && hints.open !== empty) hints.open = empty;
  show(hints, true);
}

async function copy(button, lines) {
  try {
    await navigator.clipboard.writeText(lines.textContent);
    button.textContent = "Copied";
    announce("Copied.");
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  } catch {
    // No clipboard, as on a plain-http address that is not this machine: the lines are selected instead.
    getSelection().selectAllChildren(lines);
    showProblem("The browser keeps its clipboard closed here. The lines are selected: copy them by keyboard.");
  }
}
