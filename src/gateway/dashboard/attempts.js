// The attempts of a task: where, how long, how it ended and what it cost.

import { html } from "./element.js";
import { bytes, clock, duration, seconds, shown } from "./format.js";

const COLUMNS = ["#", "Processor", "Took", "Outcome", "Memory", "CPU"];

function row({ attempt, processor, started_at, finished_at, outcome, error, peak_memory_bytes, cpu_seconds }) {
  const has = (value, text) => (typeof value === "number" ? text(value) : "–");
  const cells = [
    String(attempt),
    html("span", { title: shown(processor ?? "", 300) }, shown(processor ?? "–", 16)),
    html(
      "time",
      { datetime: started_at, title: clock(started_at) },
      finished_at ? duration(seconds(started_at, finished_at)) : "…",
    ),
    html(
      "span",
      { title: error?.message ? shown(error.message, 300) : null },
      shown((outcome ?? "running").replaceAll("_", " "), 24),
    ),
    has(peak_memory_bytes, bytes),
    has(cpu_seconds, duration),
  ];
  return html(
    "tr",
    { "data-outcome": shown(outcome ?? "running", 24) },
    cells.map((cell) => html("td", {}, cell)),
  );
}

export class AttemptsPanel {
  #key = "";

  constructor() {
    this.body = html("tbody");
    const head = html(
      "thead",
      {},
      html(
        "tr",
        {},
        COLUMNS.map((name) => html("th", { scope: "col" }, name)),
      ),
    );
    this.node = html(
      "section",
      { class: "panel attempts" },
      html("h2", {}, "Attempts"),
      html(
        "div",
        { class: "scroll", tabindex: "0", role: "region", "aria-label": "Attempts" },
        html("table", {}, head, this.body),
      ),
    );
  }

  show({ task: { attempts = [] } }) {
    const key = JSON.stringify(attempts);
    this.node.hidden = attempts.length === 0;
    if (key === this.#key) return;
    this.#key = key;
    this.body.replaceChildren(...attempts.map(row));
  }
}
