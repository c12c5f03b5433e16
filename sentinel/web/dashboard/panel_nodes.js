// Two tables about the nodes: what each says of itself, and what each sentinel says of it.

import { gradeWords, linkCondition, nodeCondition, roleWords } from "./condition.js";
import { h } from "./dom.js";
import { bytes, duration } from "./format.js";
import { icon } from "./icons.js";
import { table, withSign } from "./table.js";

const RECENT_MS = 2000;

/** Role, state, replication and last reply of each node. */
export function nodesTable(group) {
  return table(
    "Nodes",
    ["Node", "State", "Role", "Link", "Behind", "Offset", "Last reply", "Priority", "Zone", "Version"],
    group.nodes.map((node) => {
      const primary = node.node === group.topology?.primary;
      const role = primary ? h("b", {}, "primary") : roleWords(node, group);
      const link = node.follows === null || primary ? "–" : withSign(linkCondition(node));
      return [
        [
          h("span", { class: "mono" }, node.node),
          node.address === node.node ? null : small(`clients: ${node.address}`),
          node.discovered ? small("discovered") : null,
        ],
        [
          withSign(nodeCondition(node, group)),
          node.detail && node.state !== "up" ? small(node.detail) : null,
        ],
        [
          role,
          node.follows !== null && node.follows !== group.topology?.primary
            ? small(`follows ${node.follows}`)
            : null,
        ],
        link,
        bytes(node.lag_bytes),
        node.offset_bytes === null ? "–" : node.offset_bytes.toLocaleString("en"),
        lastReply(node.silence_ms),
        node.priority ?? "–",
        node.zone ?? "–",
        node.version ?? "–",
      ];
    }),
  );
}

/** One row a node, one column a sentinel, and the verdict of the quorum. */
export function opinionsTable(group, self) {
  const sentinels = group.nodes[0]?.opinions.map((opinion) => opinion.sentinel) ?? [];
  return table(
    "What each sentinel says of each node",
    ["Node", ...sentinels.map((name) => (name === self ? [name, small("this one")] : name)), "Together"],
    group.nodes.map((node) => {
      const agree = node.opinions.filter((opinion) => opinion.down).length;
      const verdict = node.objectively_down
        ? { level: "critical", words: "down" }
        : { level: agree ? "warning" : "ok", words: agree ? "not agreed" : "up" };
      const count = agree ? small(`${agree} agree`) : null;
      return [
        h("span", { class: "mono" }, node.node),
        ...node.opinions.map(opinionCell),
        [withSign(verdict), count],
      ];
    }),
  );
}

function opinionCell(opinion) {
  if (opinion.down === null) return withSign({ level: "unsure", words: "not heard" });
  if (!opinion.down) return withSign({ level: "ok", words: "up" });
  return h(
    "span",
    { class: "sign is-critical", title: gradeWords(opinion.grade) },
    icon("critical"),
    h("span", {}, opinion.grade ?? "down"),
  );
}

function lastReply(silence_ms) {
  if (silence_ms === null) return "never";
  return silence_ms < RECENT_MS ? "just now" : `${duration(silence_ms)} ago`;
}

function small(words) {
  return h("span", { class: "small" }, words);
}
