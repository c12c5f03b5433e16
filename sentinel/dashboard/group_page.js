// The main part of the page: the opened group, or, while none is, what happens in all of them.

import { condition, isStray } from "./condition.js";
import { byId, h, renew } from "./dom.js";
import { clock, counted, duration, since } from "./format.js";
import { icon } from "./icons.js";
import { overview } from "./overview.js";
import { candidatesPanel } from "./panel_candidates.js";
import { eventsPanel } from "./panel_events.js";
import { historyPanel } from "./panel_history.js";
import { nodesTable, opinionsTable } from "./panel_nodes.js";
import { preflightPanel } from "./panel_preflight.js";
import { leftOut, picture } from "./picture.js";
import { openedGroup, state } from "./state.js";
import { withSign } from "./table.js";

const FRAME_PX = 36;
const LEAST_PX = 240;

export function startGroupPage() {
  new ResizeObserver(drawGroupPage).observe(byId("main"));
}

export function drawGroupPage() {
  document.body.dataset.view = state.opened === null ? "all" : "group";
  const group = openedGroup();
  if (group) renew(byId("main"), groupPage(group));
  else if (state.opened !== null && state.sentinel) renew(byId("main"), h("h2", {}, state.opened), h("p", {}, "There is no such group. "), allGroupsLink());
  else if (state.sentinel) renew(byId("main"), overview([...state.groups.values()]), eventsSection(null));
  else renew(byId("main"), h("h2", {}, "All groups"), h("p", { class: "quiet" }, "Asking this sentinel…"));
}

function groupPage(group) {
  const room = Math.max(LEAST_PX, byId("main").clientWidth - FRAME_PX);
  return h(
    "article",
    { class: "group", "data-key": `group-${group.group}`, "aria-labelledby": "group-title" },
    allGroupsLink(),
    head(group),
    notes(group),
    panel("Topology", "wide", picture(group, room), leftOut(group) ? h("p", { class: "quiet" }, `${leftOut(group)} more nodes are in the table.`) : null, nodesTable(group)),
    h(
      "div",
      { class: "column" },
      panel("If it had to fail over now", "", candidatesPanel(state.candidates)),
      panel("History", "", historyPanel(state.history)),
      panel("Preflight: what would bite", "", preflightPanel(state.preflight)),
    ),
    h("div", { class: "column" }, panel("What each sentinel says", "", opinionsTable(group, state.sentinel?.sentinel)), eventsSection(group.group)),
  );
}

function allGroupsLink() {
  return h("a", { class: "back", href: "#" }, "← All groups");
}

function panel(title, kind, ...content) {
  const id = `panel-${title.toLowerCase().replaceAll(/[^a-z]+/g, "-")}`;
  return h("section", { class: `panel ${kind}`, "aria-labelledby": id, "data-key": id }, h("h3", { id }, title), content);
}

function eventsSection(group) {
  return panel("Events", "", eventsPanel(state.events, group, state.link));
}

function head(group) {
  const { level, words } = condition(group);
  const { topology } = group;
  return h(
    "header",
    { class: "group-head" },
    h("div", { class: "group-title" }, h("h2", { id: "group-title" }, group.group), h("p", { class: `badge is-${level}` }, icon(level, 18), h("span", {}, words))),
    h(
      "div",
      { class: "actions", role: "group", "aria-label": `Actions for ${group.group}` },
      action("switchover", "Switch over…"),
      action("failover", "Fail over…"),
      group.paused ? action("resume", "Resume…") : action("pause", "Pause…"),
      group.scheduled ? action("cancel", "Cancel schedule…") : null,
    ),
    h(
      "dl",
      { class: "facts" },
      fact("Primary", topology ? h("span", { class: "mono" }, topology.primary) : "none"),
      topology ? fact("Became primary", h("time", { datetime: topology.since, title: clock(topology.since) }, since(topology.since))) : null,
      topology?.previous ? fact("Last change", `${topology.cause}, ${duration(topology.duration_ms)}, led by ${topology.leader}`) : null,
      fact("Term", topology && topology.term !== group.term ? `${topology.term} (now at ${group.term})` : group.term),
      fact("Leader", group.leader ?? "none, nothing to do"),
      fact("Quorum", `${group.quorum} to call it down, ${group.majority} to elect`),
    ),
  );
}

function fact(name, value) {
  return h("div", {}, h("dt", {}, name), h("dd", {}, value));
}

function action(name, words) {
  return h("button", { type: "button", "data-action": name, "data-key": name }, words);
}

/** What is out of the ordinary, in sentences. */
function notes(group) {
  const said = [];
  const { failover, paused, scheduled } = group;
  if (group.ambiguous) said.push(note("critical", "Not clear who is primary. ", group.ambiguous, ". Nothing is changed until that is clear."));
  if (failover) {
    const phase = failover.phase ? `, ${failover.phase.replaceAll("_", " ")}` : "";
    said.push(note("busy", `${failover.cause === "switchover" ? "Switchover" : "Failover"} under way${phase}. `, failover.target ? [h("span", { class: "mono" }, failover.target), " is to be promoted"] : "No node is chosen yet", failover.leader ? `; ${failover.leader} leads.` : "."));
  }
  if (paused) {
    said.push(note("paused", "Paused. ", `${since(paused.since)}, at the request of ${paused.by}`, paused.reason ? [": ", h("q", {}, paused.reason)] : null, ". No sentinel changes anything by itself until it is resumed."));
  }
  if (scheduled) said.push(note("busy", "Switchover scheduled. ", `For ${clock(scheduled.at)} (${since(scheduled.at)}), to ${scheduled.to ?? "the best replica"}.`));
  for (const node of group.nodes.filter((each) => isStray(each, group))) {
    said.push(note("warning", "A second primary. ", h("span", { class: "mono" }, node.node), " answers as a primary too, and will be made a replica."));
  }
  const errors = state.preflight?.problems?.filter((found) => found.severity === "error").length ?? 0;
  if (errors) said.push(note("warning", "Not fit for a failover. ", `Preflight found ${counted(errors, "error")}: see below.`));
  return h("div", { class: "notes" }, said);
}

function note(level, title, ...words) {
  return h("p", { class: `note is-${level}` }, withSign({ level, words: title }), h("span", {}, words));
}
