// Why a task failed and what can be done about it.

import { html } from "./element.js";
import { shown } from "./format.js";

/** An error or a problem as people should meet it: the sentence, the advice, the code for a search. */
export const errorNote = ({ code, message, advice }) =>
  html(
    "div",
    { class: "error-note", role: "alert" },
    html("p", {}, html("strong", { dir: "auto" }, shown(message, 600))),
    advice && html("p", { dir: "auto" }, shown(advice, 600)),
    code && html("code", {}, shown(code, 60)),
  );

export class FailurePanel {
  #key = "";
  node = html("section", { class: "panel failure", "aria-label": "Error", hidden: true });

  show({ task: { error = null, state } }) {
    const isTold = error !== null && state !== "succeeded";
    const key = isTold ? JSON.stringify(error) : "";
    this.node.hidden = !isTold;
    if (key === this.#key) return;
    this.#key = key;
    this.node.replaceChildren(...(isTold ? [errorNote(error)] : []));
  }
}
