"use strict";
// Shows one view at a time, which the fragment of the URL names, and makes the view of a rule from the data.
(() => {
  const root = document.documentElement;
  const main = document.querySelector("main");
  const views = new Map([...main.querySelectorAll(":scope > .view")].map((view) => [view.id, view]));
  const filters = document.getElementById("filters");
  const words = { p: "pass", f: "fail", e: "error", k: "known", s: "skip", "-": "" };
  let data = null;

  const facts = () => (data ??= JSON.parse(document.getElementById("data").textContent));

  // Text is only ever set as text, so that nothing of a log becomes markup.
  const make = (tag, content = "", attributes = {}) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...[content].flat());
    return node;
  };

  const pair = (label, value) => make("div", [make("dt", label), make("dd", value)]);

  const fullId = (id, rule) => (id.startsWith("~") ? `edge:${rule}/${id.slice(1)}` : id);

  const verdictCell = (found, item, column) => {
    const [, , letters, causes = {}, reasons = {}] = item;
    const letter = letters[column];
    const cell = make("td");
    if (letter === "f" || letter === "e") {
      const cause = found.causes[causes[column]];
      cell.className = "bad";
      cell.append(cause ? make("a", words[letter], { href: `#cause/${cause[0]}`, title: cause[1] }) : words[letter]);
    } else {
      if (letter === "k") cell.className = "wait";
      cell.append(words[letter] ?? "");
      if (column in reasons) cell.title = found.reasons[reasons[column]];
    }
    return cell;
  };

  const caseTable = (found, rule, cases) => {
    const head = make("tr", ["case", ...found.targets].map((name) => make("th", name, { scope: "col" })));
    const rows = cases.map((item) => make("tr", [
      make("th", make("code", fullId(item[0], rule)), { scope: "row" }),
      ...found.targets.map((_, column) => verdictCell(found, item, column)),
    ]));
    const table = make("table", [make("caption", `cases of ${rule}`, { class: "unseen" }), make("thead", head), make("tbody", rows)]);
    return make("div", table, { class: "frame cases", role: "region", tabindex: "0", "aria-label": `cases of ${rule}` });
  };

  const showRule = (rule) => {
    const found = facts();
    const section = views.get("rule");
    const index = found.rules.findIndex((each) => each[0] === rule);
    if (index < 0) {
      section.replaceChildren(make("h2", rule), make("p", "No case of this run is about a rule of this name."));
      return;
    }
    const [, limit, outcome, place, statement] = found.rules[index];
    const cases = found.cases.filter((item) => item[1] === index);
    const causes = [...new Set(cases.flatMap((item) => Object.values(item[3] || {})))].map((each) => found.causes[each]).filter(Boolean);
    const list = make("dl", [
      pair("limit", limit || "none"), pair("outcome", outcome), pair("spec", place), pair("statement", statement),
      pair("explained by", `wanlib explain ${rule}`), pair("run just this", `wan-conformance run --rule '${rule}'`),
    ], { class: "pairs" });
    section.replaceChildren(make("h2", rule), make("div", list, { class: "card" }));
    if (causes.length) {
      const links = causes.map((each) => make("li", make("a", each[1], { href: `#cause/${each[0]}` })));
      section.append(make("h3", "Failures", { class: "gap" }), make("ul", links, { class: "list" }));
    }
    section.append(make("h3", `${cases.length} cases`, { class: "gap" }), caseTable(found, rule, cases));
  };

  const applyFilters = (query) => {
    for (const field of filters.querySelectorAll("[name]")) field.value = query.get(field.name) ?? "";
    const text = (query.get("q") ?? "").toLowerCase();
    const flag = { failures: "f", disagreements: "d" }[query.get("show")] ?? "";
    const model = query.get("model") ?? "";
    const column = facts().targets.indexOf(query.get("target") ?? "");
    let shown = 0;
    for (const cell of document.querySelectorAll("#rules tr:not(.group) > :nth-child(n+4)")) {
      cell.hidden = column >= 0 && cell.cellIndex !== column + 3;
    }
    for (const body of document.querySelectorAll("#rules tbody")) {
      let here = 0;
      for (const row of body.querySelectorAll("tr:not(.group)")) {
        const failing = column < 0 || flag !== "f" || row.cells[column + 3].classList.contains("bad");
        const isShown = (!model || body.dataset.model === model) && row.className.includes(flag) && failing
          && (!text || `${row.cells[0].textContent} ${row.cells[1].textContent}`.toLowerCase().includes(text));
        row.hidden = !isShown;
        here += isShown;
      }
      body.hidden = !here;
      shown += here;
    }
    document.getElementById("shown").textContent = `${shown} rows`;
  };

  const route = () => {
    const [path, query = ""] = location.hash.slice(1).split("?");
    const [name, ...rest] = path.split("/");
    const target = decodeURIComponent(rest.join("/"));
    const id = { cause: "causes", size: "sizes" }[name] ?? name;
    const shown = views.has(id) ? id : "causes";
    if (shown === "rule") showRule(target);
    if (shown === "matrix") applyFilters(new URLSearchParams(query));
    for (const [each, view] of views) view.hidden = each !== shown;
    for (const link of document.querySelectorAll("nav a")) {
      const isCurrent = link.hash === `#${shown === "rule" ? "matrix" : shown}`;
      if (isCurrent) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    const anchor = target && shown !== "rule" ? document.getElementById(`${name}/${target}`) : null;
    const details = anchor?.querySelector("details");
    if (details) details.open = true;
    if (anchor) anchor.scrollIntoView();
    else scrollTo(0, 0);
  };

  filters.addEventListener("submit", (event) => event.preventDefault());
  filters.addEventListener("input", () => {
    const query = new URLSearchParams([...new FormData(filters)].filter(([, value]) => value));
    history.replaceState(null, "", query.size ? `#matrix?${query}` : "#matrix");
    applyFilters(query);
  });
  addEventListener("hashchange", route);
  // The browser scrolls to an element with the id of the view, past the header; so no view keeps its id.
  for (const view of views.values()) view.removeAttribute("id");
  root.classList.add("js");
  route();
})();
