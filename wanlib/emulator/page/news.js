// What has changed, said to those who don't see it.

import {show} from "./dom.js";

const news = document.getElementById("news");
const problem = document.getElementById("problem");

/** Says a sentence to screen readers. */
export function say(text) {
  // The same sentence again is a change too: it is emptied first.
  news.textContent = "";
  requestAnimationFrame(() => { news.textContent = text; });
}

/** Shows what went wrong; "" takes it away. */
export function complain(text) {
  if (problem.textContent !== text) problem.textContent = text;
  show(problem, text !== "");
}

/** Does what a button is for, the button being out of use meanwhile; tells what went wrong. */
export async function act(button, action) {
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  try {
    await action();
    complain("");
  } catch (error) {
    complain(`That did not work: ${error.message}.`);
  } finally {
    button.removeAttribute("aria-disabled");
  }
}
