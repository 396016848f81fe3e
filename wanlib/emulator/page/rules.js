// Broken rules: the id, the outcome, and the sentence if there is one.

import {fill, list, mark, show} from "./dom.js";

/** Shows them in a list of their own. */
export function showRules(parent, rules) {
  show(parent, rules.length > 0);
  list(parent, rules, "rule", (_, index) => index, (node, {rule, outcome, message = ""}) => {
    fill(node, {rule, outcome, message});
    mark(node, "data-outcome", outcome);
  });
}
