// Keeping the page true: told by the event stream where there is one, asking again and again where not.
//
// The stream says which group has changed; what grows without an event (offsets, silence, round trips) is
// asked for at a slower pace. Without the stream the same questions are asked at a quicker one. A page that
// nobody looks at asks only about what has changed.

import { askAll, askCandidates, askGroup, askHistory, askPreflight, peersChanged } from "./questions.js";
import { addEvent, changed, openedGroup, state } from "./state.js";

/** What the stream may send, beside `group` and `reset`. */
export const EVENT_TYPES = [
  "primary.down",
  "primary.up",
  "primary.degraded",
  "primary.recovered",
  "primary.unwatched",
  "failover.started",
  "failover.completed",
  "failover.aborted",
  "switchover.completed",
  "replica.down",
  "replica.up",
  "node.demoted",
  "group.ambiguous",
  "group.paused",
  "group.resumed",
  "writes.possibly_lost",
  "webhook.dead_letter",
];

const MANY_GROUPS = 50;
const MANY_CHANGED = 12;
const ALL_MS = { live: 5000, liveMany: 20_000, polling: 2000, pollingMany: 6000 };
const OPENED_MS = 2000;
const HISTORY_MS = 10_000;
const PREFLIGHT_MS = 30_000;
const STREAM_RETRY_MS = 5000;
const TICK_MS = 250;

const changedGroups = new Set();
/** When each question is to be asked again, milliseconds. */
const due = { all: 0, opened: 0, history: 0, preflight: 0 };
let historyOf = "";
let asking = false;
let streaming = null;
let answering = true;

export function start() {
  listen();
  setInterval(tick, TICK_MS);
  document.addEventListener("visibilitychange", askEverything);
  tick();
}

/** Everything about the opened group is to be asked for now. */
export function askOpenedAnew() {
  Object.assign(due, { opened: 0, history: 0, preflight: 0 });
  tick();
}

/** Look at this group soon, event or not. */
export function lookAt(name) {
  changedGroups.add(name);
  tick();
}

function askEverything() {
  due.all = 0;
  askOpenedAnew();
}

function listen() {
  const source = new EventSource("/v1/events");
  source.addEventListener("open", () => {
    streaming = true;
    showLink();
    // What happened while nobody told us is not known.
    askEverything();
  });
  source.addEventListener("error", () => {
    streaming = false;
    showLink();
    // A stream that broke connects itself again; one that was refused does not.
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, STREAM_RETRY_MS);
  });
  source.addEventListener("reset", askEverything);
  source.addEventListener("group", (message) => lookAt(JSON.parse(message.data).group));
  for (const type of EVENT_TYPES) {
    source.addEventListener(type, (message) => {
      const { id, timestamp, data } = JSON.parse(message.data);
      addEvent({ id, at: timestamp, type, group: data.group, data });
      lookAt(data.group);
    });
  }
}

function showLink() {
  const fresh = streaming === null ? "connecting" : streaming ? "live" : "polling";
  const link = answering ? fresh : "lost";
  if (state.link === link) return;
  state.link = link;
  changed();
}

async function tick() {
  if (asking) return;
  asking = true;
  const before = state.heardAt;
  try {
    await askWhatIsDue();
    // Where nothing was due, nothing was heard.
    if (state.heardAt !== before) answering = true;
  } catch (problem) {
    if (problem.status === undefined) throw problem;
    answering = problem.status !== 0;
    due.all = Date.now() + ALL_MS.polling;
    due.opened = due.all;
  } finally {
    asking = false;
    showLink();
  }
}

async function askWhatIsDue() {
  if (isDue("all") || changedGroups.size > MANY_CHANGED) {
    changedGroups.clear();
    await askAll();
    due.all = Date.now() + pace();
  }
  for (const name of [...changedGroups]) {
    changedGroups.delete(name);
    if (name === state.opened) due.opened = 0;
    if (state.groups.has(name) && (name !== state.opened || document.hidden)) await askAbout(name);
  }
  const opened = openedGroup();
  if (opened && isDue("opened")) await askOpened(opened.group);
}

function isDue(question) {
  return !document.hidden && due[question] <= Date.now();
}

function pace() {
  const many = state.groups.size > MANY_GROUPS;
  if (state.link === "live") return many ? ALL_MS.liveMany : ALL_MS.live;
  return many ? ALL_MS.pollingMany : ALL_MS.polling;
}

async function askAbout(name) {
  const group = await askGroup(name);
  if (peersChanged(group)) due.all = 0;
  return group;
}

async function askOpened(name) {
  due.opened = Date.now() + OPENED_MS;
  const group = await askAbout(name);
  await askCandidates(group);
  // A change of primary, and a leader that is done, each add to the history.
  const last = JSON.stringify([name, group.term, group.topology?.term, group.leader]);
  if (isDue("history") || last !== historyOf) {
    due.history = Date.now() + HISTORY_MS;
    historyOf = last;
    await askHistory(name);
  }
  if (isDue("preflight")) {
    due.preflight = Date.now() + PREFLIGHT_MS;
    await askPreflight(name);
  }
}
