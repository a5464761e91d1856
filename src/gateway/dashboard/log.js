// The story of a task as lines. Lines are only ever added, but for a reset; a reader at the end stays at the end.

import { html } from "./element.js";
import { clock, duration, seconds, shown } from "./format.js";

const AT_END_PX = 24;

export class LogPanel {
  #last = 0;
  #resets = 0;

  constructor() {
    this.lines = html("ol", { class: "lines", tabindex: "0", "aria-label": "Log" });
    this.node = html("section", { class: "panel log" }, html("h2", {}, "Log"), this.lines);
  }

  show({ task, story }) {
    if (story.resets !== this.#resets) this.#clear(story.resets);
    const fresh = story.lines.filter(({ seq }) => seq > this.#last);
    if (fresh.length === 0) return;
    const box = this.lines;
    const isAtEnd = box.scrollHeight - box.scrollTop - box.clientHeight < AT_END_PX;
    box.append(...fresh.map((line) => this.#line(line, task.created_at)));
    this.#last = fresh.at(-1).seq;
    if (isAtEnd) box.scrollTop = box.scrollHeight;
  }

  #clear(resets) {
    this.#resets = resets;
    this.#last = 0;
    this.lines.replaceChildren();
  }

  #line({ at, level, text }, start) {
    return html(
      "li",
      { "data-level": shown(level, 10) },
      html("time", { datetime: at, title: clock(at) }, `+${duration(seconds(start, at))}`),
      html("span", { class: "level" }, shown(level, 10)),
      html("span", { class: "text", dir: "auto" }, shown(text, 600)),
    );
  }
}
