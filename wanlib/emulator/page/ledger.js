// The ledger: accepted, produced and billed by model, with the total in the last row.

import {fill, list, mark, show, slot} from "./dom.js";

const table = document.getElementById("ledger");
const accounts = document.getElementById("accounts");
const total = document.getElementById("total");
const none = document.getElementById("no-ledger");
const COUNTS = ["accepted", "succeeded", "failed", "canceled", "pictures"];

/** Shows the accounts with accepted jobs, and their total. */
export function showLedger(ledger, currency) {
  const used = ledger.filter((account) => account.accepted);
  show(table, used.length > 0);
  show(none, !used.length);
  const showRow = (row, account) => {
    const counts = COUNTS.map((name) => [name, account[name]]);
    fill(row, {model: account.model, ...Object.fromEntries(counts), amount: account.amount});
    mark(slot(row, "amount"), "data-name", currency);
  };
  list(accounts, used, "account", (account) => account.model, showRow);
  list(total, [totalOf(used)], "account", (account) => account.model, showRow);
  fill(table.tHead, {currency});
}

function totalOf(used) {
  const sums = COUNTS.map((name) => [name, used.reduce((sum, account) => sum + account[name], 0)]);
  return {model: "All", ...Object.fromEntries(sums), amount: added(used.map((account) => account.amount))};
}

/** Returns the exact sum of decimal strings. */
export function added(amounts) {
  const places = Math.max(0, ...amounts.map((amount) => (amount.split(".")[1] ?? "").length));
  const whole = amounts.reduce((sum, amount) => {
    const [units, rest = ""] = amount.split(".");
    return sum + BigInt(units + rest.padEnd(places, "0"));
  }, 0n);
  const digits = String(whole).padStart(places + 1, "0");
  return places ? `${digits.slice(0, -places)}.${digits.slice(-places)}` : digits;
}
