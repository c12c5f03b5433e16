// What a failover would do now, and why each replica would or would not be chosen.

import { h } from "./dom.js";
import { bytes } from "./format.js";
import { table, withSign } from "./table.js";

export function candidatesPanel(candidates) {
  if (candidates === null) return h("p", { class: "quiet" }, "Asking…");
  if (candidates.unavailable) return h("p", { class: "quiet" }, candidates.unavailable);
  const sentence = candidates.chosen
    ? h("p", { class: "answer" }, "It would promote ", h("b", { class: "mono" }, candidates.chosen), ".")
    : h(
        "p",
        { class: "answer is-critical" },
        withSign({ level: "critical", words: "It would promote nobody." }),
        candidates.refusal ? h("span", { class: "small why" }, candidates.refusal) : null,
      );
  if (candidates.candidates.length === 0)
    return [sentence, h("p", { class: "quiet" }, "There is no replica.")];
  return [sentence, candidatesTable(candidates.candidates)];
}

/** Also for a request that was refused: the same reasons. */
export function candidatesTable(candidates) {
  return table(
    "Candidates",
    ["Replica", "Eligible", "Behind", "Priority"],
    candidates.map((candidate) => [
      h("span", { class: "mono" }, candidate.node),
      [
        withSign(
          candidate.eligible
            ? { level: "ok", words: candidate.rank === 1 ? "first choice" : `choice ${candidate.rank}` }
            : { level: "critical", words: "no" },
        ),
        candidate.reason ? h("span", { class: "small why" }, candidate.reason) : null,
      ],
      bytes(candidate.lag_bytes),
      candidate.priority,
    ]),
  );
}
