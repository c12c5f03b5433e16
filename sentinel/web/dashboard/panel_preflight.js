// What would bite during a failover, found before there is one.

import { h } from "./dom.js";
import { since } from "./format.js";
import { withSign } from "./table.js";

const LEVELS = { __proto__: null, error: "critical", warning: "warning" };

export function preflightPanel(preflight) {
  if (preflight === null) return h("p", { class: "quiet" }, "Asking…");
  if (preflight.unavailable) return h("p", { class: "quiet" }, preflight.unavailable);
  const checked = preflight.checked_at
    ? h("p", { class: "quiet" }, "Checked ", since(preflight.checked_at), ".")
    : h("p", { class: "quiet" }, "Not checked yet, or checking is turned off.");
  if (preflight.problems.length === 0)
    return [
      preflight.checked_at
        ? h("p", { class: "answer" }, withSign({ level: "ok", words: "Nothing found." }))
        : null,
      checked,
    ];
  return [
    h(
      "ul",
      { class: "findings" },
      preflight.problems.map((found) =>
        h(
          "li",
          { class: "finding" },
          withSign({ level: LEVELS[found.severity] ?? "warning", words: found.severity }),
          h(
            "p",
            {},
            found.node === null ? null : [h("span", { class: "mono" }, found.node), ": "],
            found.problem,
          ),
          found.advice ? h("p", { class: "small" }, found.advice) : null,
        ),
      ),
    ),
    checked,
  ];
}
