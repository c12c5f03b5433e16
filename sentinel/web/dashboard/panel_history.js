// Past changes of primary, each with a bar: which step took how much of its time.

import { gradeWords } from "./condition.js";
import { h, s } from "./dom.js";
import { bytes, clock, duration, since } from "./format.js";

/** What the time up to a step was spent on. */
const STEPS = {
  __proto__: null,
  evidence: "first sign",
  subjectively_down: "patience",
  objectively_down: "agreement",
  requested: "request",
  elected: "election",
  failover_started: "start",
  held: "waiting",
  sealing: "sealing",
  candidate_chosen: "choice",
  intent_committed: "intent",
  writes_paused: "pause",
  handed_over: "handover",
  promoted: "promotion",
  committed: "commit",
  given_up: "in vain",
};
const BAR = 1000;
const LEAST = 4;

export function historyPanel(history) {
  if (history === null) return h("p", { class: "quiet" }, "Asking…");
  if (history.unavailable) return h("p", { class: "quiet" }, history.unavailable);
  if (history.changes.length === 0) return h("p", { class: "quiet" }, "The primary has never changed.");
  return h("ol", { class: "changes" }, history.changes.map(changeItem));
}

function changeItem(change) {
  const { before, after } = steps(change.timeline);
  const lost = change.bytes_possibly_lost;
  return h(
    "li",
    { class: "change", "data-key": `change-${change.term}` },
    h(
      "p",
      { class: "change-what" },
      change.old === null
        ? null
        : [
            h("span", { class: "mono" }, change.old),
            h("span", { "aria-hidden": "true" }, " → "),
            h("span", { class: "hidden" }, " to "),
          ],
      h("b", { class: "mono" }, change.new),
      change.old === null ? " was the first that was known" : null,
    ),
    h(
      "p",
      { class: "change-how" },
      h("time", { datetime: change.at, title: clock(change.at) }, since(change.at)),
      ` · term ${change.term} · ${cause(change.cause)} · led by ${change.leader}`,
      change.old === null ? null : [" · ", h("b", {}, duration(change.duration_ms))],
      lost === null ? null : ` · ${lost === 0 ? "no byte lost" : `at most ${bytes(lost)} lost`}`,
      change.may_have_lost ? [" · ", h("b", {}, `may have lost ${change.may_have_lost}`)] : null,
    ),
    before.length && change.old !== null ? [bar(before), legend(before)] : null,
    after.length
      ? h(
          "details",
          {},
          h("summary", {}, `Afterwards: ${after.length} more`),
          h(
            "ol",
            { class: "afterwards" },
            after.map((step) => h("li", {}, `${step.name.replaceAll("_", " ")} at ${duration(step.at_ms)}`)),
          ),
        )
      : null,
  );
}

function cause(name) {
  if (name === "switchover") return "switchover";
  if (name === "operator") return "asked for by an operator";
  const words = gradeWords(name);
  return words === name ? name : `${name} (${words})`;
}

/** Up to the commit, with the time that each took; and what came after it. */
function steps(timeline) {
  const end = timeline.findIndex((step) => step.name === "committed");
  const upTo = end < 0 ? timeline.length : end + 1;
  const before = [];
  for (let index = 1; index < upTo; index += 1) {
    const { name, at_ms } = timeline[index];
    before.push({
      name,
      words: STEPS[name] ?? name.replaceAll("_", " "),
      took_ms: Math.max(0, at_ms - timeline[index - 1].at_ms),
    });
  }
  return { before, after: timeline.slice(upTo) };
}

function bar(parts) {
  const total = parts.reduce((sum, part) => sum + part.took_ms, 0) || 1;
  const spare = BAR - LEAST * parts.length;
  let x = 0;
  return s(
    "svg",
    {
      class: "bar",
      viewBox: `0 0 ${BAR} 18`,
      preserveAspectRatio: "none",
      role: "img",
      "aria-label": parts.map((part) => `${part.words} ${duration(part.took_ms)}`).join(", "),
    },
    parts.map((part) => {
      const width = LEAST + (part.took_ms / total) * spare;
      const drawn = s(
        "rect",
        { class: `step step-${STEPS[part.name] ? part.name : "other"}`, x, y: 0, width, height: 18 },
        s("title", {}, `${part.words}: ${duration(part.took_ms)}`),
      );
      x += width;
      return drawn;
    }),
  );
}

function legend(parts) {
  return h(
    "ol",
    { class: "legend" },
    parts.map((part) =>
      h(
        "li",
        {},
        s(
          "svg",
          { class: "swatch", viewBox: "0 0 10 10", width: 10, height: 10, "aria-hidden": "true" },
          s("rect", {
            class: `step step-${STEPS[part.name] ? part.name : "other"}`,
            width: 10,
            height: 10,
            rx: 2,
          }),
        ),
        `${part.words} `,
        h("b", {}, duration(part.took_ms)),
      ),
    ),
  );
}
