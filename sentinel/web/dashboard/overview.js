// While no group is opened: how many are in which state, and everything that wants somebody's attention.

import { LEVELS, condition } from "./condition.js";
import { h } from "./dom.js";
import { counted } from "./format.js";
import { icon } from "./icons.js";
import { withSign } from "./table.js";

const MAX_TROUBLED = 100;
const NAMES = {
  critical: "without a primary",
  busy: "being changed",
  warning: "with a warning",
  unsure: "not known",
  paused: "paused",
  ok: "healthy",
};

export function overview(groups) {
  const judged = groups.map((group) => ({ group, ...condition(group) }));
  const troubled = judged
    .filter(({ level }) => level !== "ok")
    .sort((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level));
  return [
    h("h2", {}, "All groups"),
    h(
      "ul",
      { class: "tallies" },
      LEVELS.map((level) => tally(level, judged.filter((one) => one.level === level).length)),
    ),
    h(
      "section",
      { class: "panel", "aria-labelledby": "attention" },
      h("h3", { id: "attention" }, "What wants attention"),
      troubled.length === 0
        ? h("p", { class: "answer" }, withSign({ level: "ok", words: "Nothing." }))
        : null,
      h("ul", { class: "troubled" }, troubled.slice(0, MAX_TROUBLED).map(troubledItem)),
      troubled.length > MAX_TROUBLED
        ? h("p", { class: "quiet" }, `And ${counted(troubled.length - MAX_TROUBLED, "group")} more.`)
        : null,
    ),
  ];
}

function tally(level, count) {
  if (count === 0 && level !== "ok") return null;
  return h(
    "li",
    { class: `tally is-${level}` },
    icon(level, 22),
    h("b", {}, count),
    h("span", {}, NAMES[level]),
  );
}

function troubledItem({ group, problems }) {
  return h(
    "li",
    {},
    h("a", { href: `#g/${encodeURIComponent(group.group)}` }, group.group),
    h(
      "ul",
      { class: "reasons" },
      problems.map((problem) => h("li", {}, withSign(problem))),
    ),
  );
}
