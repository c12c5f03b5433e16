// What is out of the ordinary about a group, in sentences.

import { isStray } from "./condition.js";
import { h } from "./dom.js";
import { clock, counted, since } from "./format.js";
import { withSign } from "./table.js";

/** `preflight` and `candidates` may be null while they are unknown. */
export function groupNotes(group, preflight, candidates) {
  const errors = preflight?.problems?.filter((found) => found.severity === "error").length ?? 0;
  return h(
    "div",
    { class: "notes" },
    group.ambiguous ? ambiguousNote(group.ambiguous) : null,
    group.failover ? failoverNote(group.failover) : null,
    isStuck(group, candidates) ? stuckNote(candidates) : null,
    group.paused ? pausedNote(group.paused) : null,
    group.scheduled ? scheduledNote(group.scheduled) : null,
    group.nodes.filter((node) => isStray(node, group)).map(strayNote),
    // A sentinel of an earlier release does not tell.
    Object.entries(group.stands_back ?? {}).map(standsBackNote),
    errors
      ? note("warning", "Not fit for a failover. ", `Preflight found ${counted(errors, "error")}.`)
      : null,
  );
}

function ambiguousNote(why) {
  return note("critical", "Not clear who is primary: ", why, ". Nothing is changed until that is clear.");
}

/** Somebody has to do something: no sentinel will. */
function isStuck(group, candidates) {
  const primary = group.nodes.find((node) => node.node === group.topology?.primary);
  return primary?.objectively_down && !group.failover && candidates?.chosen === null;
}

function stuckNote({ refusal }) {
  const why = refusal ? [refusal, "."] : "No replica is eligible: see below.";
  return note("critical", "The primary is down and nobody is promoted. ", why);
}

function failoverNote({ phase, target, cause, leader }) {
  const what = cause === "switchover" ? "Switchover" : "Failover";
  const how = phase ? `, ${phase.replaceAll("_", " ")}` : "";
  const whom = target ? [mono(target), " is to be promoted"] : "No node is chosen yet";
  return note("busy", `${what} under way${how}. `, whom, leader ? `; ${leader} leads.` : ".");
}

function pausedNote({ by, reason, ...paused }) {
  return note(
    "paused",
    "Paused. ",
    `${since(paused.since)}, through ${by}`,
    reason ? [": ", h("q", {}, reason)] : null,
    ". No sentinel changes anything by itself until it is resumed.",
  );
}

function scheduledNote({ at, to }) {
  return note(
    "busy",
    "Switchover scheduled. ",
    `For ${clock(at)} (${since(at)}), to ${to ?? "the best replica"}.`,
  );
}

function strayNote({ node }) {
  return note(
    "warning",
    "A second primary. ",
    mono(node),
    " answers as a primary too, and will be made a replica.",
  );
}

/** Another sentinel does the work then, but not if that one is down as well. */
function standsBackNote([sentinel, why]) {
  return note(
    "warning",
    "A sentinel stands last. ",
    mono(sentinel),
    ` could promote nobody, and another could: ${why}.`,
  );
}

function note(level, title, ...words) {
  return h("p", { class: `note is-${level}` }, withSign({ level, words: title }), h("span", {}, words));
}

function mono(name) {
  return h("span", { class: "mono" }, name);
}
