// Data becomes text nodes and nothing else; existing elements are changed in place, so they keep the focus.

/** A fresh copy of a template's only element. */
export function made(name) {
  return document.getElementById(name).content.firstElementChild.cloneNode(true);
}

/** The part of an element that a `data-slot` names. */
export function slot(node, name) {
  return node.querySelector(`[data-slot="${name}"]`);
}

/** Sets an element's text, only where it differs: a selection in it survives. */
export function write(node, text) {
  const due = String(text ?? "");
  if (node.textContent !== due) node.textContent = due;
}

/** Writes several slots at once. */
export function fill(node, texts) {
  for (const [name, text] of Object.entries(texts)) write(slot(node, name), text);
}

/** Sets an attribute, only where it differs. */
export function mark(node, name, value) {
  const due = String(value);
  if (node.getAttribute(name) !== due) node.setAttribute(name, due);
}

/** Shows or hides an element. */
export function show(node, shown) {
  if (node.hidden === shown) node.hidden = !shown;
}

const known = new WeakMap();

/**
 * Makes a list's children stand for items, in their order: an item keeps its element for as long as its key is
 * there. Elements that go are taken out first, so that none of those that stay is moved and loses focus.
 */
export function list(parent, items, template, key, update) {
  const before = known.get(parent) ?? new Map();
  const after = new Map(items.map((item, index) => {
    const name = key(item, index);
    return [name, before.get(name) ?? made(template)];
  }));
  for (const [name, node] of before) if (!after.has(name)) node.remove();
  let place = parent.firstElementChild;
  let index = 0;
  for (const node of after.values()) {
    if (node === place) place = place.nextElementSibling;
    else parent.insertBefore(node, place);
    update(node, items[index], index);
    index += 1;
  }
  known.set(parent, after);
}
