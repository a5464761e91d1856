// One task in the list.

import { cancel } from "./api.js";
import { button, html, label, say } from "./element.js";
import { ago, clock, duration, percent, seconds, shown } from "./format.js";
import { inputNames, showCancel } from "./heading.js";
import { Bar } from "./progress.js";
import { taskHash } from "./route.js";
import { StateBadge } from "./state.js";
import { isFinished } from "./tasks.js";

/** The figure that matters in a state: how far, how long, or why not. */
function figure({ state, progress, started_at, finished_at, error }) {
  if (state === "running") {
    const { fraction = null, phase = "starting" } = progress ?? {};
    return fraction === null ? shown(phase ?? "running", 24) : percent(fraction);
  }
  if (state === "failed") return shown(error?.message ?? "", 80);
  return started_at && finished_at ? duration(seconds(started_at, finished_at)) : "";
}

export class Row {
  constructor(task, { failed }) {
    this.badge = new StateBadge();
    this.bar = new Bar();
    this.figure = html("span", { class: "figure" });
    this.age = html("time", { class: "age", datetime: task.created_at, title: clock(task.created_at) });
    this.stop = button("Cancel", () => this.#cancel(task.id, failed), "quiet cancel");
    const names = inputNames(task).map((name) => label(name, 60));
    this.stop.setAttribute("aria-label", `Cancel ${shown(inputNames(task)[0] ?? task.id, 60)}`);
    this.node = html(
      "li",
      { class: "row", "data-id": task.id },
      html(
        "a",
        { href: taskHash(task.id) },
        html("span", { class: "names" }, names.length ? names : shown(task.id, 36)),
      ),
      html("span", { class: "kind" }, shown(task.kind, 40)),
      this.badge.node,
      this.bar.node,
      this.figure,
      this.age,
      this.stop,
    );
  }

  show(task) {
    this.badge.show(task.state);
    this.node.dataset.state = this.badge.node.dataset.state;
    this.bar.node.hidden = task.state !== "running";
    this.bar.show(task.progress?.fraction ?? null);
    say(this.figure, figure(task));
    this.figure.title = this.figure.textContent;
    say(this.age, ago(task.created_at));
    this.stop.hidden = isFinished(task);
    showCancel(this.stop, task);
  }

  async #cancel(id, failed) {
    this.stop.disabled = true;
    await cancel(id).catch(failed);
    this.stop.disabled = false;
  }
}
