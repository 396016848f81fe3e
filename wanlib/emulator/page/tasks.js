// The tasks, newest first.

import {pathOf, postAction} from "./control_api.js";
import {fill, list, mark, show, slot, write} from "./dom.js";
import {showLifecycle} from "./lifecycle.js";
import {act, announce} from "./announcements.js";
import {showPictures} from "./pictures.js";
import {showRules} from "./rules.js";

const tasks = document.getElementById("task-list");
const count = document.getElementById("count");
const none = document.getElementById("no-tasks");
const code = document.getElementById("code");
const FAILS_WITH = "InternalError";
let before = null;

/** Shows the tasks of a state and says which of them have changed. */
export function showTasks(state) {
  const shown = state.tasks.length;
  show(none, !shown);
  write(count, state.count > shown ? `the newest ${shown} of ${state.count}` : shown || "");
  offer(state.codes);
  list(tasks, state.tasks, "task", (task) => task.id, (node, task) => showTask(node, task, state.clock.now));
  announceChanges(state.tasks);
}

/** Lets the buttons work; `refresh` is called when a task was ended. */
export function startTasks(refresh) {
  tasks.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    if (button) act(button, () => end(button, refresh));
  });
}

function showTask(node, task, now) {
  const dead = task.over && task.links_die !== null && task.links_die <= now;
  mark(node, "data-id", task.id);
  fill(node, {id: task.id, status: task.status, prompt: task.prompt || "(no prompt)", asked: asked(task)});
  mark(slot(node, "status"), "data-status", task.status);
  list(slot(node, "inputs"), task.inputs, "input", (_, index) => index, write);
  show(slot(node, "inputs"), task.inputs.length > 0);
  showPictures(slot(node, "pictures"), task, dead);
  write(slot(node, "why"), why(task));
  show(slot(node, "why"), task.code !== "");
  showRules(slot(node, "rules"), task.rules ?? []);
  showLifecycle(slot(node, "life"), task, now);
  showActions(node, task);
}

function asked(task) {
  const pictures = task.asked === 1 ? "1 picture" : `${task.asked} pictures`;
  return `${task.model} · ${task.call} · ${pictures} of ${task.width}×${task.height}`;
}

function why(task) {
  return task.code && `${task.code}: ${task.message}`;
}

function showActions(node, task) {
  const actions = slot(node, "actions");
  const over = task.over || !task.task;
  // When the buttons disappear, the focus moves to the card, not to the top of the page.
  if (over && actions.contains(document.activeElement)) node.focus({preventScroll: true});
  show(actions, !over);
  for (const button of actions.children) mark(button, "aria-label", `${button.textContent} task ${task.id}`);
}

async function end(button, refresh) {
  const {id} = button.closest("[data-id]").dataset;
  const action = button.dataset.do;
  await postAction(pathOf(id, action), action === "fail" ? {code: code.value} : {});
  await refresh();
}

/** The codes that a task can be made to fail with. */
function offer(codes) {
  if (code.options.length) return;
  code.append(...codes.map((name) => new Option(name, name, name === FAILS_WITH, name === FAILS_WITH)));
}

function announceChanges(shown) {
  const after = new Map(shown.map((task) => [task.id, task.status]));
  const changed = shown.filter((task) => before && before.get(task.id) !== task.status);
  before = after;
  if (changed.length === 1) announce(`Task ${changed[0].id.slice(0, 8)}: ${changed[0].status}.`);
  if (changed.length > 1) announce(`${changed.length} tasks have changed.`);
}
