// Tables that scroll within themselves on a narrow screen, and read well aloud.

import { h } from "./dom.js";
import { icon } from "./icons.js";

/** The first cell of each row is its heading. `title` is read aloud, not shown. */
export function table(title, headings, rows) {
  return h(
    "div",
    { class: "scroller", role: "region", "aria-label": title, tabindex: "0" },
    h(
      "table",
      {},
      h("caption", { class: "hidden" }, title),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          headings.map((heading) => h("th", { scope: "col" }, heading)),
        ),
      ),
      h(
        "tbody",
        {},
        rows.map(([first, ...rest]) =>
          h(
            "tr",
            {},
            h("th", { scope: "row" }, first),
            rest.map((cell) => h("td", {}, cell)),
          ),
        ),
      ),
    ),
  );
}

/** A state as sign and word. */
export function withSign({ level, words }) {
  return h("span", { class: `sign is-${level}` }, icon(level), h("span", {}, words));
}
