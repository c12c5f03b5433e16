// The signs beside words: each state has its own shape, so that nothing is told by colour alone.

import { s } from "./dom.js";

const SHAPES = {
  ok: ["M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13z", "M4.9 8.2l2.2 2.2 4-4.6"],
  critical: ["M5.3 1.5h5.4l3.8 3.8v5.4l-3.8 3.8H5.3l-3.8-3.8V5.3z", "M5.6 5.6l4.8 4.8M10.4 5.6l-4.8 4.8"],
  warning: ["M8 1.6l6.7 12.2H1.3z", "M8 6v3.6M8 11.6v.3"],
  busy: ["M5 3.2h6a4.8 4.8 0 0 1 0 9.6H5a4.8 4.8 0 0 1 0-9.6z", "M4.7 8v.1M8 8v.1M11.3 8v.1"],
  unsure: ["M8 1.2L14.8 8 8 14.8 1.2 8z", "M6.5 6.6a1.6 1.6 0 1 1 2.2 1.5c-.5.2-.7.5-.7 1M8 11v.3"],
  paused: ["M2.5 2.5h11v11h-11z", "M6.3 5.5v5M9.7 5.5v5"],
  flag: ["M5 2.2h8.6L11 5.3l2.6 3.1H5z", "M4.2 1.6v13"],
  replica: ["M8 3.2a4.8 4.8 0 1 0 0 9.6 4.8 4.8 0 0 0 0-9.6z", "M8 7.9v.2"],
};

/** Hidden from screen readers: the word beside it says the same. */
export function icon(name, size = 16) {
  const [outline, mark] = SHAPES[name];
  return s(
    "svg",
    { class: `icon icon-${name}`, viewBox: "0 0 16 16", width: size, height: size, "aria-hidden": "true" },
    s("path", { class: "icon-outline", d: outline }),
    s("path", { class: "icon-mark", d: mark }),
  );
}
