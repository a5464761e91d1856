// Progress as a bar and a line of text. A fraction that nobody knows is shown as one that nobody knows.

import { html, say } from "./element.js";
import { bytes, duration, number, percent, shown } from "./format.js";

/** "rows 1,900,000 of 6,001,215 · 231 MiB · 1,240,000 rows/s · 3.1 s left", as far as it is known. */
export function progressText(progress) {
  const known = (key, text) => (typeof progress[key] === "number" ? text(progress[key]) : null);
  const total = known("rows_total", (rows) => ` of ${number(rows)}`) ?? "";
  return [
    known("rows", (rows) => `${number(rows)}${total} rows`),
    known("bytes", bytes),
    known("rate", (rate) => `${number(Math.round(rate))} rows/s`),
    known("eta_s", (seconds) => `${duration(seconds)} left`),
  ]
    .filter(Boolean)
    .join(" · ");
}

/** The narrow bar in a row of the list and the wide one of a task's page are the same. */
export class Bar {
  constructor(kind = "") {
    this.fill = html("span", { class: "bar-fill" });
    this.node = html(
      "span",
      { class: `bar ${kind}`, role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100, "aria-label": "Progress" },
      this.fill,
    );
  }

  show(fraction) {
    const isKnown = typeof fraction === "number";
    this.node.classList.toggle("unknown", !isKnown);
    if (!isKnown) return this.node.removeAttribute("aria-valuenow");
    this.node.setAttribute("aria-valuenow", Math.round(fraction * 100));
    this.fill.style.setProperty("--fraction", fraction);
  }
}

/** The progress of a task's page, and what a screen reader is told of it: each phase and each tenth, no more. */
export class ProgressPanel {
  #told = "";

  constructor({ announce }) {
    this.announce = announce;
    this.bar = new Bar("wide");
    this.phase = html("strong");
    this.share = html("span", { class: "share" });
    this.detail = html("p", { class: "detail" });
    this.node = html(
      "section",
      { class: "panel progress", "aria-label": "Progress" },
      html("p", { class: "phase" }, this.phase, this.share),
      this.bar.node,
      this.detail,
    );
  }

  show({ task, progress }) {
    const isQueued = task.state === "queued";
    this.node.hidden = !isQueued && task.state !== "running";
    if (this.node.hidden) return;
    const { fraction = null, phase = "starting" } = (isQueued ? null : progress) ?? {};
    this.bar.show(fraction);
    say(this.phase, isQueued ? "Waiting for a processor" : shown(phase ?? "running", 60));
    say(this.share, fraction === null ? "" : percent(fraction));
    say(this.detail, progress && !isQueued ? progressText(progress) : "");
    this.#tell(fraction);
  }

  #tell(fraction) {
    const text = this.phase.textContent + (fraction === null ? "" : `, ${Math.floor(fraction * 10) * 10} percent`);
    if (text !== this.#told) this.announce((this.#told = text));
  }
}
