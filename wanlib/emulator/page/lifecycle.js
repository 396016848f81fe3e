// The lifecycle of a task: its states over time.

import {fill, list, mark, slot} from "./dom.js";
import {brief, span, writeTime} from "./times.js";

/** Shows past and future states. */
export function showLifecycle(parent, task, now) {
  list(parent, stepsOf(task), "step", (step) => step.key, (node, step) => showStep(node, step, task, now));
}

function stepsOf(task) {
  const ran = task.ended === null || (task.scheduled !== null && task.scheduled <= task.ended);
  const steps = [
    {key: "submitted", label: "Submitted", at: task.submitted},
    ran && task.status !== "CANCELED" && {key: "started", label: "Start", at: task.scheduled},
    {key: "ended", label: "End", at: task.ended},
    task.task && task.expires && {key: "expires", label: "Unknown", at: task.expires},
    task.links_die && {key: "links", label: "Links die", at: task.links_die},
  ];
  return steps.filter(Boolean);
}

function showStep(node, step, task, now) {
  const {at} = step;
  const done = at !== null && at <= now;
  mark(node, "data-done", done);
  fill(node, {label: step.label, after: after(step, task, now)});
  writeTime(slot(node, "at"), at, brief(at, step.key === "submitted" ? null : task.submitted));
}

function after({key, at}, task, now) {
  if (at === null) return "not known yet";
  if (at > now) return `in ${span(at - now)}`;
  return key === "submitted" ? "" : `after ${span(at - task.submitted)}`;
}
