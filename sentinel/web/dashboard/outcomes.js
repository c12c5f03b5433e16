// What became of a request: told in the corner of the page, from the sentinel's own record of the operation.

import { Problem, get } from "./api.js";
import { byId, h, renew } from "./dom.js";
import { clock, duration } from "./format.js";
import { icon } from "./icons.js";
import { candidatesTable } from "./panel_candidates.js";

const MAX_SHOWN = 4;
const POLL_MS = 300;
const LIMIT_MS = 120_000;
const OPEN = new Set(["accepted", "running"]);

/** Watch the operation until it has ended. */
export async function follow(what, operation) {
  const told = tell("busy", `${what}: `, "under way");
  const until = Date.now() + LIMIT_MS;
  while (Date.now() < until) {
    try {
      const known = await get(`/v1/operations/${encodeURIComponent(operation)}`);
      if (!OPEN.has(known.state)) return say(told, what, known);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (problem.status === 404)
        return told.change(
          "unsure",
          `${what}: `,
          "this sentinel no longer knows what became of it; see the history",
        );
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return told.change("unsure", `${what}: `, `not over after ${duration(LIMIT_MS)}; see the history`);
}

function say(told, what, known) {
  if (known.state === "completed") {
    const primary = known.new_primary
      ? `${known.new_primary} is primary${known.term === null ? "" : ` in term ${known.term}`}`
      : "done";
    told.change("ok", `${what}: `, primary);
  } else if (known.state === "failed")
    told.change("critical", `${what} failed: `, known.reason ?? "no reason is known");
  else told.change("ok", `${what}: `, known.at ? `${known.state} for ${clock(known.at)}` : known.state);
}

/** Shows a message until it is dismissed; `change` replaces it. */
export function tell(level, title, words, candidates = []) {
  const box = h("div", { class: "outcome" });
  const draw = (newLevel, newTitle, newWords, reasons = []) => {
    box.className = `outcome is-${newLevel}`;
    renew(
      box,
      icon(newLevel, 20),
      h(
        "div",
        {},
        h("p", {}, h("b", {}, newTitle), newWords),
        reasons.length ? candidatesTable(reasons) : null,
      ),
      h(
        "button",
        { type: "button", "data-dismiss": true, "aria-label": `Dismiss: ${newTitle}${newWords}` },
        "×",
      ),
    );
  };
  draw(level, title, words, candidates);
  const region = byId("outcomes");
  region.append(box);
  while (region.children.length > MAX_SHOWN) region.firstElementChild.remove();
  return { change: draw };
}

export function startOutcomes() {
  byId("outcomes").addEventListener("click", (event) => {
    if (event.target.closest("[data-dismiss]")) event.target.closest(".outcome").remove();
  });
}
