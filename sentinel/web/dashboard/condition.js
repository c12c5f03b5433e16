// How a group or a node is, in one word and a sign. The order of LEVELS is the order in which people look.

import { counted } from "./format.js";

export const LEVELS = ["critical", "busy", "warning", "unsure", "paused", "ok"];

const GRADES = {
  __proto__: null,
  refused: "refuses connections",
  unresolved: "its name does not resolve",
  silent: "gives no valid reply",
  unusable: "answers, but not as it should",
  regressed: "lost its data",
};

const REFUSALS = {
  __proto__: null,
  SHUTDOWN: "takes no writes: it is shutting down",
  MISCONF: "refuses writes: its disk fails",
  OOM: "refuses writes: its memory is full",
  NOREPLICAS: "refuses writes: too few replicas",
  MAXCLIENTS: "turns new clients away",
};

/** `{level, words}` of a group; the worst comes first. */
export function condition(group) {
  const found = problems(group);
  const worst = LEVELS.find((level) => found.some((problem) => problem.level === level)) ?? "ok";
  const first = found.find((problem) => problem.level === worst);
  const others = found.length - 1;
  const words = first ? first.words + (others > 0 ? `, and ${others} more` : "") : "Healthy";
  return { level: worst, words, problems: found };
}

function problems(group) {
  const found = [];
  const say = (level, words) => found.push({ level, words });
  const primary = group.nodes.find((node) => node.node === group.topology?.primary);
  if (group.ambiguous) say("critical", "Not clear which node is primary");
  else if (!group.topology) say("unsure", "No primary known yet");
  if (group.topology && (!primary || primary.state === "down")) {
    say("critical", primary?.objectively_down === false ? "Primary looks down from here" : "Primary is down");
  }
  if (group.failover)
    say("busy", group.failover.cause === "switchover" ? "Switchover under way" : "Failover under way");
  if (primary && refusesClients(primary)) say("critical", `Primary ${refusalWords(primary)}`);
  if (primary?.state === "misconfigured") say("warning", "Primary refuses this sentinel");
  const replicas = group.nodes.filter((node) => node !== primary);
  const count = (test, words) => {
    const those = replicas.filter(test).length;
    if (those) say("warning", `${counted(those, "replica")} ${words}`);
  };
  count((node) => node.state === "down", "down");
  count((node) => node.state === "misconfigured", "misconfigured");
  count((node) => node.state === "refuses_clients", "turning new clients away");
  count((node) => node.state === "not_watched", "not watched");
  count((node) => isStray(node, group), "in the role of a primary");
  count((node) => isAlive(node) && node.role === "replica" && node.syncing, "syncing");
  // Nobody has a link to a primary that is down.
  if (primary && isAlive(primary))
    count((node) => isAlive(node) && isCutOff(node), "cut off from the primary");
  if (group.topology && !replicas.some((node) => isAlive(node) && !node.barred))
    say("warning", "No replica to fail over to");
  if (!group.has_majority) say("unsure", "Out of touch with the majority");
  if (group.paused) say("paused", "Paused");
  return found;
}

/** It lives, and answers this sentinel as a node of its role does. */
export function isAlive(node) {
  return node.state === "up" || refusesClients(node);
}

/** It lives, but refuses writes, or new clients. */
function refusesClients(node) {
  return node.state === "refuses_writes" || node.state === "refuses_clients";
}

function refusalWords(node) {
  return REFUSALS[node.refuses] ?? "refuses its clients";
}

/** A replica whose link is down, although nothing is being copied. */
export function isCutOff(node) {
  return node.role === "replica" && node.link_up === false && !node.syncing;
}

/** Answers as a primary, but is not the one that the sentinels have agreed on. */
export function isStray(node, group) {
  return (
    isAlive(node) &&
    node.role === "primary" &&
    group.topology !== null &&
    node.node !== group.topology.primary
  );
}

/** `{level, words}` of a node. */
export function nodeCondition(node, group) {
  if (node.state === "down") return { level: "critical", words: `down: ${gradeWords(node.grade)}` };
  if (node.state === "misconfigured") return { level: "warning", words: "refuses this sentinel" };
  if (refusesClients(node))
    return {
      level: node.state === "refuses_writes" ? "critical" : "warning",
      words: refusalWords(node),
    };
  if (node.state === "not_watched") return { level: "warning", words: node.detail };
  if (node.state === "unknown") return { level: "unsure", words: node.detail || "not reached yet" };
  if (node.loading) return { level: "warning", words: "loading its data" };
  if (isStray(node, group)) return { level: "warning", words: "up, as a second primary" };
  if (node.node === group.topology?.primary && node.role === "replica")
    return { level: "warning", words: "up, but as a replica" };
  return { level: "ok", words: "up" };
}

/** The role that it answers in; of one that does not answer, the role that it was in. */
export function roleWords(node, group) {
  if (node.node === group.topology?.primary) return "primary";
  if (isStray(node, group)) return "primary, not agreed";
  if (node.role === "unknown") return "";
  return node.state === "down" ? `was ${node.role}` : node.role;
}

export function gradeWords(grade) {
  return GRADES[grade] ?? grade ?? "";
}

/** `{level, words}` of the link from a replica to whom it follows. */
export function linkCondition(node) {
  if (node.state === "down") return { level: "critical", words: "gone" };
  if (!isAlive(node)) return { level: "unsure", words: "unknown" };
  if (node.syncing) return { level: "warning", words: "syncing" };
  if (!node.link_up) return { level: "critical", words: "link down" };
  return { level: "ok", words: "link up" };
}
