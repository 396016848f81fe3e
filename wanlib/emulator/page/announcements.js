// Announcements for screen readers, and error messages of the page.

import {show} from "./dom.js";

const announcements = document.getElementById("announcements");
const problem = document.getElementById("problem");

/** Announces a sentence to screen readers. */
export function announce(text) {
  // A repeated sentence must also be announced, so the text is cleared first.
  announcements.textContent = "";
  requestAnimationFrame(() => { announcements.textContent = text; });
}

/** Shows an error message; "" removes it. */
export function showProblem(text) {
  if (problem.textContent !== text) problem.textContent = text;
  show(problem, text !== "");
}

/** Runs the action of a button, which is disabled meanwhile; shows the error if it fails. */
export async function act(button, action) {
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  try {
    await action();
    showProblem("");
  } catch (error) {
    showProblem(`The action failed: ${error.message}.`);
  } finally {
    button.removeAttribute("aria-disabled");
  }
}
