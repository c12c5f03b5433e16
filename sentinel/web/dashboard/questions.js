// What is asked of this sentinel, and where the answers go. When to ask is decided in `live`.

import { get, groupPath } from "./api.js";
import { differences } from "./differences.js";
import { addEvent, changed, hasMajority, state } from "./state.js";

const HISTORY = 20;

let announce = () => {};

/** `tell` is told, in a sentence, of each change of primary. */
export function announceWith(tell) {
  announce = tell;
}

export async function askAll() {
  const { groups, ...sentinel } = await get("/v1/groups");
  state.heardAt = Date.now();
  state.sentinel = sentinel;
  const before = state.groups;
  state.groups = new Map(groups.map((group) => [group.group, group]));
  for (const group of groups) compare(before.get(group.group), group);
  changed();
}

/** Returns the group. */
export async function askGroup(name) {
  const group = await get(groupPath(name));
  state.heardAt = Date.now();
  compare(state.groups.get(name), group);
  state.groups.set(name, group);
  changed();
  return group;
}

export function askCandidates(group) {
  if (!group.topology) return keep(group.group, "candidates", { unavailable: "No primary is known." });
  return askPart(group.group, "candidates", "/candidates");
}

export function askHistory(name) {
  return askPart(name, "history", `/history?limit=${HISTORY}`);
}

export function askPreflight(name) {
  return askPart(name, "preflight", "/preflight");
}

/** The peers are not part of a group's answer, but that enough of them were lost or found shows in it. */
export function peersChanged(group) {
  return group.has_majority !== hasMajority();
}

/** One part that cannot be told does not keep the others from being shown. */
async function askPart(name, part, rest) {
  let answer;
  try {
    answer = await get(groupPath(name, rest));
  } catch (problem) {
    if (problem.status === 0) throw problem;
    answer = { unavailable: problem.status === 404 ? "Not available at this sentinel." : problem.message };
  }
  keep(name, part, answer);
}

/** An answer about a group that the reader has left meanwhile is dropped. */
function keep(name, part, answer) {
  if (state.opened !== name) return;
  state[part] = answer;
  changed();
}

function compare(before, after) {
  if (!before) return;
  for (const { words, aloud } of differences(before, after)) {
    if (aloud) announce(`${after.group}: ${words}`);
    // The stream tells it better: when it happened, and why.
    if (state.link === "live") continue;
    addEvent({ id: null, at: new Date().toISOString(), type: "seen", group: after.group, data: { words } });
  }
}
