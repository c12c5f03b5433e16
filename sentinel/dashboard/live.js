// Keeping the page true: told by the event stream where there is one, asking again and again where not.
//
// The stream says which group has changed; what grows without an event (offsets, silence, round trips) is
// asked for at a slower pace. Without the stream the same questions are asked at a quicker one.

import { get, groupPath } from "./api.js";
import { differences } from "./differences.js";
import { addEvent, changed, hasMajority, openedGroup, state } from "./state.js";

/** What the stream may send, beside `group` and `reset`. */
export const EVENT_TYPES = [
  "primary.down",
  "primary.up",
  "failover.started",
  "failover.completed",
  "failover.aborted",
  "switchover.completed",
  "replica.down",
  "replica.up",
  "node.demoted",
  "group.ambiguous",
];

const OPENED_MS = 2000;
const MANY_GROUPS = 50;
const ALL_MS = { live: 5000, liveMany: 20_000, polling: 2000, pollingMany: 6000 };
const PREFLIGHT_MS = 30_000;
const RETRY_MS = 5000;
const MANY_CHANGED = 12;
const TICK_MS = 250;

const changedGroups = new Set();
const due = { all: 0, opened: 0, preflight: 0 };
let asking = false;
let told = () => {};

/** Begin. `announce` is told, in a sentence, of each change of primary. */
export function start(announce) {
  told = announce;
  listen();
  setInterval(tick, TICK_MS);
  document.addEventListener("visibilitychange", () => askAllAnew());
  tick();
}

/** Everything about the opened group is to be asked for now. */
export function askOpenedAnew() {
  due.opened = 0;
  due.preflight = 0;
  tick();
}

/** Something was changed from here: look soon, event or not. */
export function lookAt(name) {
  changedGroups.add(name);
  tick();
}

function askAllAnew() {
  due.all = 0;
  due.opened = 0;
  tick();
}

function listen() {
  const source = new EventSource("/v1/events");
  source.addEventListener("open", () => setLink("live"));
  source.addEventListener("error", () => {
    if (state.link !== "lost") setLink("polling");
    // A stream that broke connects itself again; one that was refused does not.
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, RETRY_MS);
  });
  source.addEventListener("reset", askAllAnew);
  source.addEventListener("group", (message) => {
    changedGroups.add(JSON.parse(message.data).group);
    tick();
  });
  for (const type of EVENT_TYPES) {
    source.addEventListener(type, (message) => {
      const event = JSON.parse(message.data);
      addEvent({ id: event.id, at: event.timestamp, type, group: event.data.group, data: event.data });
      changedGroups.add(event.data.group);
      tick();
    });
  }
}

function setLink(link) {
  if (state.link === link) return;
  // What happened while nobody told us is not known.
  if (link === "live") askAllAnew();
  state.link = link;
  changed();
}

async function tick() {
  if (asking || document.hidden) return;
  asking = true;
  try {
    await askWhatIsDue();
    if (state.link === "lost") setLink("polling");
  } catch (problem) {
    if (problem.status !== 0) console.warn(problem.message);
    else if (state.link !== "live") setLink("lost");
    due.all = Date.now() + ALL_MS.polling;
    due.opened = due.all;
  } finally {
    asking = false;
  }
}

async function askWhatIsDue() {
  const now = Date.now();
  if (due.all <= now || changedGroups.size > MANY_CHANGED) {
    changedGroups.clear();
    takeAll(await get("/v1/groups"));
    due.all = Date.now() + pace();
  }
  for (const name of [...changedGroups]) {
    changedGroups.delete(name);
    if (name === state.opened) due.opened = 0;
    else if (state.groups.has(name)) takeGroup(await get(groupPath(name)));
  }
  const opened = openedGroup();
  if (opened && due.opened <= now) await askOpened(opened.group);
}

function pace() {
  const many = state.groups.size > MANY_GROUPS;
  if (state.link === "live") return many ? ALL_MS.liveMany : ALL_MS.live;
  return many ? ALL_MS.pollingMany : ALL_MS.polling;
}

async function askOpened(name) {
  due.opened = Date.now() + OPENED_MS;
  const group = await get(groupPath(name));
  takeGroup(group);
  const [candidates, history] = await Promise.all([
    group.topology ? orWhy(get(groupPath(name, "/candidates"))) : { unavailable: "No primary is known." },
    orWhy(get(groupPath(name, "/history?limit=20"))),
  ]);
  if (state.opened !== name) return;
  Object.assign(state, { candidates, history });
  changed();
  if (due.preflight <= Date.now()) {
    due.preflight = Date.now() + PREFLIGHT_MS;
    const preflight = await orWhy(get(groupPath(name, "/preflight")));
    if (state.opened === name) state.preflight = preflight;
    changed();
  }
}

/** One part that cannot be told does not keep the others from being shown. */
function orWhy(answer) {
  return answer.catch((problem) => {
    if (problem.status === 0) throw problem;
    return { unavailable: problem.status === 404 ? "Not available at this sentinel." : problem.message };
  });
}

function takeAll(answer) {
  state.heardAt = Date.now();
  const { groups, ...sentinel } = answer;
  state.sentinel = sentinel;
  const before = state.groups;
  state.groups = new Map(groups.map((group) => [group.group, group]));
  for (const group of groups) compare(before.get(group.group), group);
  changed();
}

function takeGroup(group) {
  state.heardAt = Date.now();
  compare(state.groups.get(group.group), group);
  state.groups.set(group.group, group);
  // The peers are not part of a group's answer, but that enough of them were lost or found shows in it.
  if (group.has_majority !== hasMajority()) due.all = 0;
  changed();
}

function compare(before, after) {
  if (!before) return;
  for (const difference of differences(before, after)) {
    if (difference.aloud) told(`${after.group}: ${difference.words}`);
    // The stream tells it better: when it happened, and why.
    if (state.link !== "live") {
      addEvent({
        id: null,
        at: new Date().toISOString(),
        type: "seen",
        group: after.group,
        data: { words: difference.words },
      });
    }
  }
}
