// The buttons: what each asks before it does anything, and what it sends.

import { Problem, change, forgetToken, groupPath, hasToken, keepToken } from "./api.js";
import { ask, field } from "./dialog.js";
import { h } from "./dom.js";
import { clock } from "./format.js";
import { lookAt } from "./live.js";
import { follow, tell } from "./outcomes.js";
import { openedGroup, state } from "./state.js";

const MAX_REASON_CHARS = 200;

const ACTIONS = {
  switchover: {
    name: "Switchover",
    dialog: (group) => ({
      title: `Switch ${group.group} over?`,
      words:
        "Writes are held up until the replica has everything, then it becomes primary. No write is lost; " +
        "if it cannot catch up, all stays as it is.",
      fields: [
        field("Hand over to", candidateChoice()),
        field(
          "When",
          h("input", { type: "datetime-local", name: "at", step: "1" }),
          "Now, if left empty. In the time zone of this computer.",
        ),
      ],
      confirm: "Switch over",
    }),
    send: (path, { to, at }) =>
      change("POST", `${path}/switchover`, {
        ...(to ? { to } : {}),
        ...(at ? { at: new Date(at).toISOString() } : {}),
      }),
  },
  failover: {
    name: "Failover",
    dialog: (group) => ({
      title: `Fail ${group.group} over?`,
      words:
        "A replica is promoted whether the primary is up or not. Writes that it has not received yet are " +
        "lost: for a healthy primary, switch over instead.",
      fields: [field("Promote", candidateChoice())],
      confirm: "Fail over",
      danger: true,
    }),
    send: (path, { to }) => change("POST", `${path}/failover`, to ? { candidate: to } : {}),
  },
  pause: {
    name: "Pause",
    dialog: (group) => ({
      title: `Pause ${group.group}?`,
      words:
        "The sentinels go on watching, but change nothing by themselves, even if the primary goes down, " +
        "until the group is resumed.",
      fields: [
        field(
          "Reason (optional)",
          h("input", { type: "text", name: "reason", maxlength: MAX_REASON_CHARS }),
          "Shown to everybody who looks at the group.",
        ),
      ],
      confirm: "Pause",
    }),
    send: (path, { reason }) =>
      change("POST", `${path}/pause`, reason.trim() ? { reason: reason.trim() } : {}),
  },
  resume: {
    name: "Resume",
    dialog: (group) => ({
      title: `Resume ${group.group}?`,
      words: "The sentinels act again from now on. If the primary is down, it is failed over at once.",
      confirm: "Resume",
    }),
    send: (path) => change("POST", `${path}/resume`),
  },
  cancel: {
    name: "Cancelling the switchover",
    dialog: (group) => ({
      title: "Cancel the scheduled switchover?",
      words: `The switchover of ${group.group} at ${clock(group.scheduled.at)} will not take place.`,
      confirm: "Cancel the switchover",
    }),
    send: (path) => change("DELETE", `${path}/switchover`),
  },
};

export function startActions() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-action]");
    const group = openedGroup();
    if (button && group) perform(ACTIONS[button.dataset.action], group);
  });
}

async function perform(action, group) {
  const values = await ask(action.dialog(group));
  if (values === null) return;
  const what = `${action.name} of ${group.group}`;
  try {
    const accepted = await withToken(() => action.send(groupPath(group.group), values));
    if (accepted === null) return;
    lookAt(group.group);
    await follow(what, accepted.operation);
    lookAt(group.group);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    tell("critical", `${what} was refused: `, problem.message, problem.candidates);
  }
}

/** Asks for the token where it is needed, and again while it is wrong; null if the reader gave up. */
async function withToken(send) {
  for (;;) {
    try {
      return await send();
    } catch (problem) {
      if (problem.status !== 401) throw problem;
      const words = hasToken()
        ? "That token was wrong."
        : "This sentinel wants its API token for anything that changes something.";
      forgetToken();
      const values = await ask({
        title: "API token",
        words,
        fields: [
          field(
            "Token",
            h("input", { type: "password", name: "token", required: true, autocomplete: "off" }),
            "Kept in this tab until it is closed.",
          ),
        ],
        confirm: "Use it",
      });
      if (values === null) return null;
      keepToken(values.token.trim());
    }
  }
}

function candidateChoice() {
  const known = state.candidates?.candidates ?? [];
  const chosen = state.candidates?.chosen;
  return h(
    "select",
    { name: "to" },
    h("option", { value: "" }, chosen ? `the best (now ${chosen})` : "the best"),
    known.map((candidate) =>
      h(
        "option",
        { value: candidate.node },
        candidate.eligible ? candidate.node : `${candidate.node} (not eligible)`,
      ),
    ),
  );
}
