// What was accepted, made and billed, by model.

import {fill, list, mark, show, slot} from "./dom.js";

const table = document.getElementById("ledger");
const accounts = document.getElementById("accounts");
const none = document.getElementById("no-ledger");
const COUNTS = ["accepted", "succeeded", "failed", "canceled", "pictures"];

/** Shows the accounts that have seen anything, and their sum. */
export function showLedger(ledger, currency) {
  const used = ledger.filter((account) => account.accepted);
  show(table, used.length > 0);
  show(none, !used.length);
  list(accounts, used, "account", (account) => account.model, (row, account) => {
    fill(row, {model: account.model, ...told(account)});
    mark(slot(row, "amount"), "data-name", currency);
  });
  const sum = Object.fromEntries(COUNTS.map((name) => [name, used.reduce((all, each) => all + each[name], 0)]));
  fill(table.tFoot, told({...sum, amount: added(used.map((account) => account.amount))}));
  fill(table.tHead, {currency});
  mark(slot(table.tFoot, "amount"), "data-name", currency);
}

function told(account) {
  const counts = COUNTS.map((name) => [name, account[name]]);
  return {...Object.fromEntries(counts), amount: account.amount};
}

/** The exact sum of decimals that come as text. */
export function added(amounts) {
  const places = Math.max(0, ...amounts.map((amount) => (amount.split(".")[1] ?? "").length));
  const whole = amounts.reduce((sum, amount) => {
    const [units, rest = ""] = amount.split(".");
    return sum + BigInt(units + rest.padEnd(places, "0"));
  }, 0n);
  const digits = String(whole).padStart(places + 1, "0");
  return places ? `${digits.slice(0, -places)}.${digits.slice(-places)}` : digits;
}
