// All groups, problems first. Made for hundreds: a row is drawn anew only when what it shows has changed.

import { LEVELS, condition, nodeCondition } from "./condition.js";
import { byId, h, renew } from "./dom.js";
import { counted } from "./format.js";
import { icon } from "./icons.js";
import { state } from "./state.js";

const MAX_DOTS = 7;
const natural = new Intl.Collator("en", { numeric: true });
const rows = new Map();

export function startGroupList() {
  byId("filter").addEventListener("input", drawGroupList);
  byId("only-problems").addEventListener("click", (event) => {
    const button = event.currentTarget;
    button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
    drawGroupList();
  });
}

export function drawGroupList() {
  const judged = [...state.groups.values()].map((group) => ({ group, ...condition(group) }));
  judged.sort(
    (a, b) =>
      LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level) || natural.compare(a.group.group, b.group.group),
  );
  const shown = judged.filter(matches);
  place(shown.map(row));
  for (const name of rows.keys()) if (!state.groups.has(name)) rows.delete(name);
  const troubled = judged.filter(isProblem).length;
  const problems = troubled ? `${troubled} with problems` : "no problems";
  const counts = `${counted(judged.length, "group")}, ${problems}`;
  renew(byId("counts"), shown.length === judged.length ? counts : `${shown.length} of ${counts}`);
  byId("none-found").hidden = shown.length > 0 || judged.length === 0;
  document.title = `${troubled ? `(${troubled}) ` : ""}${state.opened ? `${state.opened} · ` : ""}Vedette`;
}

function isProblem(judged) {
  return judged.level !== "ok" && judged.level !== "paused";
}

function matches(judged) {
  if (byId("only-problems").getAttribute("aria-pressed") === "true" && !isProblem(judged)) return false;
  const wanted = byId("filter").value.trim().toLowerCase();
  if (!wanted) return true;
  const { group } = judged;
  const texts = [
    group.group,
    judged.words,
    ...judged.problems.map((problem) => problem.words),
    ...group.nodes.map((node) => node.node),
  ];
  return texts.some((text) => text.toLowerCase().includes(wanted));
}

function row(judged) {
  const { group, level, words } = judged;
  const current = state.opened === group.group;
  const dots = group.nodes.map((node) => [
    node.node === group.topology?.primary,
    nodeCondition(node, group).level,
  ]);
  const signature = JSON.stringify([
    level,
    words,
    current,
    group.topology?.primary,
    Boolean(group.paused),
    Boolean(group.scheduled),
    dots,
  ]);
  const known = rows.get(group.group);
  if (known?.signature === signature) return known.element;
  const element = known?.element ?? h("li");
  renew(
    element,
    h(
      "a",
      {
        class: `row is-${level}`,
        href: `#g/${encodeURIComponent(group.group)}`,
        "aria-current": current ? "page" : null,
      },
      icon(level, 20),
      h("span", { class: "row-name" }, group.group),
      h(
        "span",
        { class: "row-more" },
        h(
          "span",
          { class: "row-words" },
          words,
          group.scheduled ? " · switchover scheduled" : "",
          group.paused && level !== "paused" ? " · paused" : "",
        ),
        h("span", { class: "row-primary" }, group.topology?.primary ?? "no primary"),
      ),
      nodeDots(dots),
    ),
  );
  rows.set(group.group, { element, signature });
  return element;
}

/** One sign a node, the primary first; the words beside them say the same. */
function nodeDots(dots) {
  const ordered = [...dots].sort((a, b) => Number(b[0]) - Number(a[0])).slice(0, MAX_DOTS);
  return h(
    "span",
    { class: "dots", "aria-hidden": "true" },
    ordered.map(([primary, level]) =>
      h("span", { class: `dot${primary ? " dot-primary" : ""} is-${level}` }),
    ),
  );
}

/** Puts the rows in order, moving as few as possible, and the focus stays where it was. */
function place(elements) {
  const list = byId("group-list");
  const focused = list.contains(document.activeElement) ? document.activeElement : null;
  elements.forEach((element, index) => {
    if (list.children[index] !== element) list.insertBefore(element, list.children[index] ?? null);
  });
  while (list.children.length > elements.length) list.lastElementChild.remove();
  if (focused?.isConnected && document.activeElement !== focused) focused.focus({ preventScroll: true });
}
