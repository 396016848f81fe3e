// A task's pictures: a box for each requested one, so that the layout does not shift when they arrive.

import {pictureOf} from "./control_api.js";
import {list, mark, show, slot, write} from "./dom.js";

const WIDTH = 320;

/** Shows a box for each picture of a task. */
export function showPictures(parent, task, dead) {
  const boxes = Array.from({length: task.asked}, (_, number) => boxOf(task, number, dead));
  list(parent, boxes, "picture", (_, number) => number, (node, box, number) => showBox(node, task, box, number));
}

function boxOf(task, number, dead) {
  if (!task.over) return {is: "coming", label: "not yet"};
  if (number >= task.pictures) return {is: "none", label: "none"};
  return dead ? {is: "dead", label: "link is dead"} : {is: "there", label: ""};
}

function showBox(node, task, box, number) {
  if (!node.dataset.is) node.style.aspectRatio = `${task.width} / ${task.height}`;
  mark(node, "data-is", box.is);
  write(slot(node, "label"), box.label);
  const anchor = node.querySelector("a");
  const image = anchor.firstElementChild;
  show(anchor, box.is === "there");
  if (!anchor.hidden && !image.hasAttribute("src")) {
    image.width = task.width;
    image.height = task.height;
    image.alt = `Picture ${number + 1} of task ${task.id}, ${task.width} by ${task.height}`;
    image.src = pictureOf(task.id, number, WIDTH);
    anchor.href = pictureOf(task.id, number);
  }
}
