// The topology as a picture: nodes, who follows whom and how far behind, and what each sentinel says of each.

import { linkCondition, nodeCondition, roleWords } from "./condition.js";
import { s } from "./dom.js";
import { bytes, shortened } from "./format.js";
import { icon } from "./icons.js";
import { BOX, layout } from "./picture_layout.js";

const MAX_DRAWN = 30;
const IN_WORDS = "topology-in-words";
const MONO_PX = 7.9;
const SANS_PX = 6.9;
const MARK_PX = 6.6;

/** An SVG for `room` pixels of width. */
export function picture(group, room) {
  const plan = layout(group, room, MAX_DRAWN);
  const { width, height } = plan;
  return s(
    "svg",
    {
      class: "picture",
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: "img",
      "aria-label": `Topology of ${group.group}`,
      "aria-describedby": IN_WORDS,
    },
    s("desc", { id: IN_WORDS }, inWords(group)),
    plan.boxes.filter((box) => box.parent).map((box) => link(box, plan.narrow)),
    plan.boxes.map((box) => nodeBox(box, group)),
  );
}

/** How many nodes there was no room for. */
export function leftOut(group) {
  return Math.max(0, group.nodes.length - MAX_DRAWN);
}

/** The same, for who cannot see it. */
function inWords(group) {
  const said = group.nodes.map((node) => {
    const how = nodeCondition(node, group).words;
    if (node.node === group.topology?.primary) return `Primary ${node.node}: ${how}.`;
    const follows = node.follows ? `, follows ${node.follows}, ${linkWords(node)}` : "";
    return `${node.node}: ${how}${follows}.`;
  });
  return `${said.join(" ")} The table below has it in full.`;
}

function linkWords(node) {
  const { level, words } = linkCondition(node);
  if (level !== "ok") return words;
  if (node.lag_bytes === null) return "link up, lag unknown";
  return node.lag_bytes === 0 ? "in sync" : `${bytes(node.lag_bytes)} behind`;
}

function link(box, narrow) {
  const { node, parent } = box;
  const { level } = linkCondition(node);
  const kind = node.syncing && level === "warning" ? "syncing" : level;
  const mid = box.y + BOX.height / 2;
  const turn = parent.x + 15;
  const from = { x: parent.x + parent.width, y: parent.y + BOX.height / 2 };
  const bend = (box.x - from.x) / 2;
  const path = narrow
    ? `M${turn} ${box.wireFrom}V${mid}H${box.x - 7}`
    : `M${from.x} ${from.y}C${from.x + bend} ${from.y} ${box.x - bend} ${mid} ${box.x - 8} ${mid}`;
  const label = narrow
    ? { x: box.x + 6, y: box.y - 10, anchor: "start" }
    : { x: box.x - 16, y: mid - 9, anchor: "end" };
  const tip = box.x - 1;
  return s(
    "g",
    { class: `wire wire-${kind}` },
    s("path", { class: "wire-line", d: path }),
    s("path", { class: "wire-tip", d: `M${tip} ${mid}l-9 -5v10z` }),
    level === "critical" && !narrow
      ? s("path", { class: "wire-cut", d: cross((from.x + box.x) / 2, (from.y + mid) / 2) })
      : null,
    s("text", { class: "wire-label", x: label.x, y: label.y, "text-anchor": label.anchor }, linkWords(node)),
  );
}

function cross(x, y) {
  return `M${x - 6} ${y - 6}l12 12M${x + 6} ${y - 6}l-12 12`;
}

function nodeBox(box, group) {
  const { node, x, y, width } = box;
  const primary = node.node === group.topology?.primary;
  const { level, words } = nodeCondition(node, group);
  const room = width - 58;
  return s(
    "g",
    { class: `node is-${level}${primary ? " node-primary" : ""}`, transform: `translate(${x} ${y})` },
    s("title", {}, `${node.node}: ${words}${node.detail ? ` (${node.detail})` : ""}`),
    s("rect", { class: "node-frame", width, height: BOX.height, rx: 10 }),
    s("path", {
      class: "node-edge",
      d: `M10 0A10 10 0 0 0 0 10V${BOX.height - 10}A10 10 0 0 0 10 ${BOX.height}z`,
    }),
    placed(primary ? "flag" : "replica", 20, 12, 18),
    s("text", { class: "node-name", x: 46, y: 26 }, shortened(node.node, Math.floor(room / MONO_PX))),
    placed(level, 21, 36, 15),
    s(
      "text",
      { class: "node-words", x: 46, y: 48 },
      description(node, group, words, Math.floor(room / SANS_PX)),
    ),
    watchers(node, width - 34),
  );
}

/** How it is, then its role, then its zone: as much of that as there is room for. */
function description(node, group, words, most) {
  const parts = [words, roleWords(node, group), node.zone === null ? "" : `zone ${node.zone}`].filter(
    Boolean,
  );
  while (parts.length > 1 && parts.join(" · ").length > most) parts.pop();
  return shortened(parts.join(" · "), most);
}

function placed(name, x, y, size) {
  const drawn = icon(name, size);
  drawn.setAttribute("x", x);
  drawn.setAttribute("y", y);
  return drawn;
}

/** A mark for each sentinel that watches: what it says of this node. */
function watchers(node, room) {
  const marks = [];
  let x = 20;
  for (const [index, opinion] of node.opinions.entries()) {
    const name = shortened(opinion.sentinel, 8);
    const width = 24 + name.length * MARK_PX;
    const rest = node.opinions.length - index;
    if (x + width > room && rest > 1) {
      marks.push(s("text", { class: "watch-rest", x: x + 2, y: 77 }, `+${rest}`));
      break;
    }
    const level = opinion.down === null ? "unsure" : opinion.down ? "critical" : "ok";
    marks.push(
      s(
        "g",
        { class: `watch is-${level}`, transform: `translate(${x} 62)` },
        s("rect", { class: "watch-frame", width, height: 20, rx: 10 }),
        placed(level, 4, 4, 12),
        s("text", { class: "watch-name", x: 19, y: 14 }, name),
      ),
    );
    x += width + 6;
  }
  return marks;
}
