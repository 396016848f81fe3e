// Fetches the state every second while the page is visible, and shows it.

import {state} from "./control_api.js";
import {showClock, startClock} from "./clock.js";
import {followConduct} from "./conduct.js";
import {mark, write} from "./dom.js";
import {showHints, startHints} from "./hints.js";
import {showLedger} from "./ledger.js";
import {announce} from "./announcements.js";
import {showRequests, startRequests} from "./requests.js";
import {showTasks, startTasks} from "./tasks.js";

const PAUSE = 1000;
const link = document.getElementById("link");
let timer = 0;
let round = 0;

async function refresh() {
  clearTimeout(timer);
  round += 1;
  const mine = round;
  try {
    const found = await state();
    if (mine === round) show(found);
  } catch {
    if (mine === round) tellLink("lost", "no answer, trying again");
  }
  if (mine === round && !document.hidden) timer = setTimeout(refresh, PAUSE);
}

function show(found) {
  showClock(found.clock);
  showHints(!found.tasks.length);
  showTasks(found);
  showLedger(found.ledger, found.currency);
  showRequests(found.requests, found.clock.now);
  followConduct(found);
  tellLink("live", "live");
}

function tellLink(is, text) {
  const turned = [is, link.dataset.state].includes("lost") && is !== link.dataset.state;
  if (turned) announce(is === "lost" ? "The emulator does not answer." : "The emulator answers again.");
  mark(link, "data-state", is);
  write(link, text);
}

document.addEventListener("visibilitychange", () => {
  clearTimeout(timer);
  if (!document.hidden) refresh();
});
startClock(refresh);
startHints();
startRequests();
startTasks(refresh);
refresh();
