// The main part of the page: the opened group, or, while none is, what happens in all of them.

import { byId, h, renew } from "./dom.js";
import { groupHead } from "./group_head.js";
import { groupNotes } from "./group_notes.js";
import { overview } from "./overview.js";
import { candidatesPanel } from "./panel_candidates.js";
import { eventsPanel } from "./panel_events.js";
import { historyPanel } from "./panel_history.js";
import { nodesTable, opinionsTable } from "./panel_nodes.js";
import { preflightPanel } from "./panel_preflight.js";
import { leftOut, picture } from "./picture.js";
import { openedGroup, state } from "./state.js";

const FRAME_PX = 36;
const LEAST_PX = 240;

export function startGroupPage() {
  new ResizeObserver(drawGroupPage).observe(byId("main"));
}

export function drawGroupPage() {
  document.body.dataset.view = state.opened === null ? "all" : "group";
  const group = openedGroup();
  renew(byId("main"), group ? groupPage(group) : noGroupPage());
}

function noGroupPage() {
  if (!state.sentinel)
    return [h("h2", {}, "All groups"), h("p", { class: "quiet" }, "Asking this sentinel…")];
  if (state.opened === null) return [overview([...state.groups.values()]), eventsSection(null)];
  return [h("h2", {}, state.opened), h("p", {}, "There is no such group."), allGroupsLink()];
}

function groupPage(group) {
  const room = Math.max(LEAST_PX, byId("main").clientWidth - FRAME_PX);
  return h(
    "article",
    { class: "group", "data-key": `group-${group.group}`, "aria-labelledby": "group-title" },
    allGroupsLink(),
    groupHead(group),
    groupNotes(group, state.preflight, state.candidates),
    panel(
      "Topology",
      "wide",
      picture(group, room),
      leftOut(group) ? h("p", { class: "quiet" }, `${leftOut(group)} more nodes are in the table.`) : null,
      nodesTable(group),
    ),
    h(
      "div",
      { class: "column" },
      panel("If it had to fail over now", "", candidatesPanel(state.candidates)),
      panel("History", "", historyPanel(state.history)),
      panel("Preflight: what would bite", "", preflightPanel(state.preflight)),
    ),
    h(
      "div",
      { class: "column" },
      panel("What each sentinel says", "", opinionsTable(group, state.sentinel?.sentinel)),
      eventsSection(group.group),
    ),
  );
}

function allGroupsLink() {
  return h("a", { class: "back", href: "#" }, "← All groups");
}

function panel(title, kind, ...content) {
  const id = `panel-${title.toLowerCase().replaceAll(/[^a-z]+/g, "-")}`;
  return h(
    "section",
    { class: `panel ${kind}`, "aria-labelledby": id, "data-key": id },
    h("h3", { id }, title),
    content,
  );
}

function eventsSection(group) {
  return panel("Events", "", eventsPanel(state.events, group, state.link));
}
