// What this page knows, and who wants to hear when that changes. Nothing here asks or draws.

export const state = {
  /** The sentinel that answers: `{sentinel, version, members, peers}`; null before its first answer. */
  sentinel: null,
  /** The newest answer about each group, by name. */
  groups: new Map(),
  /** Of the opened group: null while unknown, `{unavailable: why}` where it cannot be told. */
  candidates: null,
  history: null,
  preflight: null,
  /** The group that is opened, or null. */
  opened: null,
  /** Events, newest first: `{id, at, type, group, data}`. */
  events: [],
  /** How news arrive: `live`, `connecting`, `polling` or `lost`. */
  link: "connecting",
  /** Wall clock of the last answer, milliseconds. */
  heardAt: null,
};

const MAX_EVENTS = 200;
const listeners = [];
let due = false;

/** `listener` is called after changes, once for all that happened in one turn. */
export function onChange(listener) {
  listeners.push(listener);
}

export function changed() {
  if (due) return;
  due = true;
  queueMicrotask(() => {
    due = false;
    for (const listener of listeners) listener();
  });
}

export function addEvent(event) {
  if (event.id && state.events.some((known) => known.id === event.id)) return;
  state.events.unshift(event);
  state.events.length = Math.min(state.events.length, MAX_EVENTS);
  changed();
}

export function openedGroup() {
  return state.opened === null ? null : (state.groups.get(state.opened) ?? null);
}

/** Whether this sentinel is in touch with enough others; true before anything is known. */
export function hasMajority() {
  if (!state.sentinel) return true;
  return inTouch() >= Math.floor(state.sentinel.members.length / 2) + 1;
}

/** How many sentinels are in touch, this one included. */
export function inTouch() {
  return 1 + state.sentinel.peers.filter((peer) => peer.in_touch).length;
}
