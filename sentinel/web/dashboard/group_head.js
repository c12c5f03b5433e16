// The head of a group: its name and state, what can be done to it, and who is primary since when and why.

import { condition } from "./condition.js";
import { h } from "./dom.js";
import { clock, duration, since } from "./format.js";
import { icon } from "./icons.js";

export function groupHead(group) {
  const { level, words } = condition(group);
  return h(
    "header",
    { class: "group-head" },
    h(
      "div",
      { class: "group-title" },
      h("h2", { id: "group-title" }, group.group),
      h("p", { class: `badge is-${level}` }, icon(level, 18), h("span", {}, words)),
    ),
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
      topologyFacts(group.topology),
      fact("Term", termWords(group)),
      fact("Leader", group.leader ?? "none at the moment"),
      fact("Quorum", `${group.quorum} to call it down, ${group.majority} to elect`),
    ),
  );
}

function topologyFacts(topology) {
  if (!topology) return fact("Primary", "none");
  const { primary, previous, cause, leader, duration_ms } = topology;
  return [
    fact("Primary", h("span", { class: "mono" }, primary)),
    fact(
      "Became primary",
      h("time", { datetime: topology.since, title: clock(topology.since) }, since(topology.since)),
    ),
    previous === null ? null : fact("Last change", `${cause}, ${duration(duration_ms)}, led by ${leader}`),
  ];
}

/** The sentinel's own term runs ahead where something was decided that left the primary as it is. */
function termWords({ topology, term }) {
  return topology && topology.term !== term ? `${topology.term} (now at ${term})` : term;
}

function fact(name, value) {
  return h("div", {}, h("dt", {}, name), h("dd", {}, value));
}

function action(name, words) {
  return h("button", { type: "button", "data-action": name, "data-key": name }, words);
}
