// The stream of events, newest first, each in a sentence.

import { h } from "./dom.js";
import { clock, duration } from "./format.js";
import { icon } from "./icons.js";

const SHOWN = 30;
const made = (d) => `${duration(d.duration_ms)}, led by ${d.sentinel}`;
const list = (names) => (Array.isArray(names) ? names.join(", ") : String(names ?? ""));

const SENTENCES = {
  __proto__: null,
  "primary.down": (d) => `primary ${d.node} is down, say ${list(d.sentinels)}`,
  "primary.up": (d) =>
    `primary ${d.node} is up again, without a failover${d.may_have_lost ? `; lost: ${d.may_have_lost}` : ""}`,
  "primary.degraded": (d) => `primary ${d.node} lives, but ${d.detail}`,
  "primary.recovered": (d) => `primary ${d.node} no longer refuses its clients (${d.refuses})`,
  "primary.unwatched": (d) => `primary ${d.node} is not watched by ${d.sentinel}`,
  "replica.down": (d) => `${d.node} is down, say ${list(d.sentinels)}`,
  "replica.up": (d) => `${d.node} is up again`,
  "failover.started": (d) =>
    `failover from ${d.old_primary} begins in term ${d.term}, led by ${d.sentinel}: ${d.cause}`,
  "failover.completed": (d) =>
    `${d.new_primary} is primary in term ${d.term}, after ${d.old_primary} (${d.cause}); ${made(d)}`,
  "failover.aborted": (d) => `failover given up in term ${d.term}: ${d.reason}`,
  "switchover.completed": (d) =>
    `${d.new_primary} is primary in term ${d.term}, handed over by ${d.old_primary}; ${made(d)}`,
  "node.demoted": (d) =>
    `${d.node} was a primary too, and now follows ${d.primary}${d.may_have_lost ? `; lost: ${d.may_have_lost}` : ""}`,
  "group.ambiguous": (d) => `it is not clear which node is primary: ${d.reason}`,
  "group.paused": (d) => `paused at ${d.by}${d.reason ? `: ${d.reason}` : ""}`,
  "group.resumed": () => "no longer paused",
  "writes.possibly_lost": (d) => `writes may be lost: ${d.may_have_lost ?? `up to ${d.bytes_possibly_lost} bytes`}`,
  "webhook.dead_letter": (d) => `a webhook to ${d.receiver} was given up: ${d.reason}`,
  seen: (d) => d.words,
};
const SIGNS = {
  __proto__: null,
  "primary.down": "critical",
  "primary.degraded": "critical",
  "primary.unwatched": "critical",
  "replica.down": "warning",
  "failover.started": "busy",
  "failover.aborted": "critical",
  "group.ambiguous": "critical",
  "group.paused": "warning",
  "node.demoted": "warning",
  "writes.possibly_lost": "critical",
  "webhook.dead_letter": "warning",
  seen: "unsure",
};

/** `group`: only its events; null: those of all groups. */
export function eventsPanel(events, group, link) {
  const shown = events.filter((event) => group === null || event.group === group).slice(0, SHOWN);
  const source =
    link === "live"
      ? "Told the moment they happen."
      : "There is no event stream now: these are changes between two looks of this page.";
  return [
    h("p", { class: "quiet" }, source),
    shown.length === 0
      ? h("p", { class: "quiet" }, "Nothing has happened since this page was opened.")
      : null,
    h(
      "ol",
      { class: "events" },
      shown.map((event) => eventItem(event, group === null)),
    ),
  ];
}

function eventItem(event, withGroup) {
  const level = SIGNS[event.type] ?? "ok";
  const sentence = SENTENCES[event.type]?.(event.data) ?? `${event.type}: ${JSON.stringify(event.data)}`;
  return h(
    "li",
    { class: `event is-${level}`, "data-key": event.id },
    icon(level),
    h("time", { datetime: event.at }, clock(event.at)),
    h(
      "span",
      { class: "event-words" },
      withGroup ? [h("a", { href: `#g/${encodeURIComponent(event.group)}` }, event.group), " "] : null,
      sentence,
    ),
  );
}
