// The page of one task: its row, its feed and its result, shown together and kept in step.

import * as api from "./api.js";
import { AttemptsPanel } from "./attempts.js";
import { CommandsPanel } from "./commands.js";
import { framed, html } from "./element.js";
import { errorNote, FailurePanel } from "./failure.js";
import { Feed } from "./feed.js";
import { Heading } from "./heading.js";
import { LogPanel } from "./log.js";
import { ProgressPanel } from "./progress.js";
import { ResultPanel } from "./result.js";
import { isFinished } from "./tasks.js";

const TICK_MS = 1000;

export class TaskPage {
  #task = null;
  #result = null;
  #feedState = "connecting";
  #asking = false;
  #askAgain = false;
  #isLeft = false;

  constructor({ id, tasks, announce }) {
    Object.assign(this, { id, tasks });
    this.heading = new Heading({ failed: (error) => this.#fail(error) });
    this.note = html("div");
    const aside = html("div", { class: "aside" });
    this.panels = [
      this.heading,
      new FailurePanel(),
      new ProgressPanel({ announce }),
      new ResultPanel(),
      new AttemptsPanel(),
      new LogPanel(),
      new CommandsPanel(),
    ];
    const [heading, failure, progress, result, ...rest] = this.panels.map((panel) => panel.node);
    aside.append(...rest);
    this.body = html(
      "div",
      { class: "task-body", hidden: true },
      html("div", { class: "mainly" }, failure, progress, result),
      aside,
    );
    this.node = html("div", { class: "task-page" }, heading, this.note, this.body);
    this.draw = framed(() => this.#draw());
  }

  start() {
    this.unwatch = this.tasks.watch((task) => (task === null || task.id === this.id) && this.#changed());
    this.ticking = setInterval(this.draw, TICK_MS);
    this.feed = new Feed({
      id: this.id,
      told: (changed) => (changed ? this.refresh() : this.draw()),
      state: (word) => this.#feedIs(word),
    });
    this.#changed();
    this.refresh();
  }

  stop() {
    this.#isLeft = true;
    this.unwatch();
    clearInterval(this.ticking);
    this.feed.stop();
    document.title = "Sundog";
  }

  /** Ask for the row (and the result, once there is one); one question at a time. */
  async refresh() {
    this.draw();
    if (this.#asking) return (this.#askAgain = true);
    this.#asking = true;
    do {
      this.#askAgain = false;
      await this.#ask().catch((error) => this.#fail(error));
    } while (this.#askAgain && !this.#isLeft);
    return (this.#asking = false);
  }

  async #ask() {
    this.tasks.put(await api.task(this.id));
    if (this.#task?.state === "succeeded") this.#result ??= await api.result(this.id);
    this.note.replaceChildren();
    this.draw();
  }

  /** The list may forget a row that this page shows; a task that was given a new chance has no result any more. */
  #changed() {
    this.#task = this.tasks.get(this.id) ?? this.#task;
    if (!this.#task) return;
    if (this.#task.state !== "succeeded") this.#result = null;
    else if (!this.#result) this.refresh();
    if (!isFinished(this.#task) && this.feed?.story.isEnded) this.feed.resume();
    this.draw();
  }

  #feedIs(word) {
    this.#feedState = word;
    if (word === "live") this.refresh();
    else this.draw();
  }

  #fail(error) {
    if (error.status === 404) this.feed?.stop();
    this.note.replaceChildren(errorNote(error));
  }

  #draw() {
    if (!this.#task || !this.feed || this.#isLeft) return;
    const { story } = this.feed;
    const progress = story.progress ?? this.#task.progress;
    this.body.hidden = false;
    for (const panel of this.panels)
      panel.show({ task: this.#task, story, progress, result: this.#result, feed: this.#feedState });
  }
}
