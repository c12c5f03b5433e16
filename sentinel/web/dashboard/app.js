// Puts the page together: the address says which group is opened, `live` keeps the state, the rest draws it.

import { startActions } from "./actions.js";
import { byId } from "./dom.js";
import { drawGroupList, startGroupList } from "./group_list.js";
import { drawGroupPage, startGroupPage } from "./group_page.js";
import { askOpenedAnew, start } from "./live.js";
import { drawMasthead } from "./masthead.js";
import { startOutcomes } from "./outcomes.js";
import { announceWith } from "./questions.js";
import { changed, onChange, state } from "./state.js";

const REDRAW_MS = 5000;

/** `#g/NAME` opens a group. A single group is opened by itself. */
function open() {
  const asked = location.hash.startsWith("#g/") ? decoded(location.hash.slice(3)) : null;
  const only = state.groups.size === 1 ? [...state.groups.keys()][0] : null;
  const wanted = asked ?? only;
  if (wanted === state.opened) return;
  Object.assign(state, { opened: wanted, candidates: null, history: null, preflight: null });
  changed();
  askOpenedAnew();
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A group that the reader has opened: where it begins is where they go on reading. */
function openAndGo() {
  open();
  const main = byId("main");
  if (state.opened !== null) main.focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

function announce(words) {
  byId("announcer").textContent = words;
}

byId("skip").addEventListener("click", (event) => {
  event.preventDefault();
  byId("main").focus();
});
window.addEventListener("hashchange", openAndGo);
onChange(open);
onChange(drawMasthead);
onChange(drawGroupList);
onChange(drawGroupPage);
startGroupList();
startGroupPage();
startActions();
startOutcomes();
announceWith(announce);
start();
changed();
// "3 min ago" grows by itself.
setInterval(changed, REDRAW_MS);
