// Times are seconds since 1970 on the clock of the emulator, and are shown in UTC.

const UNITS = [["d", 86400], ["h", 3600], ["min", 60]];

/** `2026-01-01 00:00:00`. */
export function moment(at) {
  return new Date(at * 1000).toISOString().slice(0, 19).replace("T", " ");
}

/** `00:00:00` on the day of another moment, `01-02 00:00:00` in its year, else with the year. */
export function brief(at, beside) {
  const [whole, other] = [at, beside].map((each) => (each === null ? "" : moment(each)));
  if (whole.slice(0, 10) === other.slice(0, 10)) return whole.slice(11);
  return whole.slice(0, 4) === other.slice(0, 4) ? whole.slice(5) : whole;
}

/** `2.5 s`, `3 min`, `23 h 59 min`, `2 d`: two units at most. */
export function span(seconds) {
  const found = UNITS.findIndex(([, size]) => seconds >= size);
  if (found < 0) return `${Math.round(seconds * 10) / 10} s`;
  const [unit, size] = UNITS[found];
  const [smaller, step] = UNITS[found + 1] ?? ["s", 1];
  const rest = Math.floor((seconds % size) / step);
  return `${Math.floor(seconds / size)} ${unit}${rest ? ` ${rest} ${smaller}` : ""}`;
}

/** Writes a moment into a `<time>`; null empties it. */
export function writeTime(node, at, text) {
  const due = at === null ? "" : text;
  if (node.textContent !== due) node.textContent = due;
  if (at === null) return node.removeAttribute("title");
  const whole = `${moment(at)} UTC`;
  if (node.title !== whole) {
    node.title = whole;
    node.dateTime = new Date(at * 1000).toISOString();
  }
}
