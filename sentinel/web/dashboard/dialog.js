// Asking before something is done. The browser's own dialog keeps the focus inside, closes on Escape, and
// gives the focus back.

import { h } from "./dom.js";

/**
 * The form's values by name, or null if it was dismissed. `fields` are elements; `danger` marks the button
 * that does it.
 */
export function ask({ title, words, fields = [], confirm, danger = false }) {
  return new Promise((resolve) => {
    const dialog = h(
      "dialog",
      { "aria-labelledby": "dialog-title" },
      h(
        "form",
        { method: "dialog", autocomplete: "off" },
        h("h2", { id: "dialog-title" }, title),
        [words].flat().map((paragraph) => h("p", {}, paragraph)),
        fields,
        h(
          "div",
          { class: "dialog-buttons" },
          h("button", { type: "button", "data-dismiss": true }, "Leave it"),
          h("button", { type: "submit", class: danger ? "danger" : "main" }, confirm),
        ),
      ),
    );
    const form = dialog.querySelector("form");
    let values = null;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      values = Object.fromEntries(new FormData(form));
      dialog.close();
    });
    dialog.querySelector("[data-dismiss]").addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(values);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** A labelled control. */
export function field(label, control, hint) {
  const id = `field-${control.getAttribute("name")}`;
  control.setAttribute("id", id);
  if (hint) control.setAttribute("aria-describedby", `${id}-hint`);
  return h(
    "div",
    { class: "field" },
    h("label", { for: id }, label),
    control,
    hint ? h("p", { class: "small", id: `${id}-hint` }, hint) : null,
  );
}
