// The list of tasks: asked for once, then kept live by whoever tells the tasks of a change.

import * as api from "./api.js";
import { button, framed, html } from "./element.js";
import { errorNote } from "./failure.js";
import { Row } from "./row.js";
import { STATES } from "./state.js";

const MOST_ROWS = 500;
const TICK_MS = 5000;

export class TaskList {
  #rows = new Map();
  #state = null;
  #next = null;

  constructor({ tasks }) {
    this.tasks = tasks;
    this.filters = [null, ...STATES].map((state) => button(state ?? "all", () => this.#filter(state), "filter"));
    this.rows = html("ul", { class: "rows", role: "list" });
    this.empty = html("p", { class: "empty", hidden: true });
    this.note = html("div");
    this.more = button("Older tasks", () => this.#older(), "more");
    this.node = html(
      "section",
      { class: "list", "aria-label": "Tasks" },
      html(
        "header",
        {},
        html("h1", { tabindex: "-1" }, "Tasks"),
        html("div", { class: "filters", role: "group", "aria-label": "State" }, this.filters),
      ),
      this.note,
      this.rows,
      this.empty,
      this.more,
    );
    this.draw = framed(() => this.#draw());
  }

  start() {
    this.unwatch = this.tasks.watch(this.draw);
    this.ticking = setInterval(this.draw, TICK_MS);
    this.draw();
    this.refresh();
  }

  stop() {
    this.unwatch();
    clearInterval(this.ticking);
  }

  async refresh() {
    const [mark, state] = [this.tasks.mark(), this.#state];
    await api
      .tasks({ state })
      .then((page) => {
        if (state !== this.#state) return;
        this.tasks.replace(page.tasks, mark);
        this.#next = page.next;
        this.note.replaceChildren();
      })
      .catch((error) => this.#fail(error));
    this.isAsked = true;
    this.draw();
  }

  #filter(state) {
    this.#state = state;
    this.#next = null;
    this.draw();
    this.refresh();
  }

  async #older() {
    const [state, next] = [this.#state, this.#next];
    await api
      .tasks({ next })
      .then((page) => {
        this.tasks.add(page.tasks);
        if (state === this.#state && next === this.#next) this.#next = page.next;
      })
      .catch((error) => this.#fail(error));
    this.draw();
  }

  #fail(error) {
    this.note.replaceChildren(errorNote(error));
  }

  #draw() {
    const tasks = this.tasks
      .all()
      .filter(({ state }) => this.#state === null || state === this.#state)
      .slice(0, MOST_ROWS);
    this.filters.forEach((filter, index) =>
      filter.setAttribute("aria-pressed", (index === 0 ? null : STATES[index - 1]) === this.#state),
    );
    this.#place(tasks);
    this.empty.hidden = tasks.length > 0 || !this.isAsked;
    this.empty.textContent = this.#state
      ? `No task is ${this.#state}.`
      : "No task yet. Drop a file anywhere on this page.";
    this.more.hidden = this.#next === null || tasks.length === MOST_ROWS;
  }

  /** Rows stay the elements that they are: a focused button is not torn away by a change in another row. */
  #place(tasks) {
    const kept = new Map(
      tasks.map((task) => [
        task.id,
        this.#rows.get(task.id) ?? new Row(task, { failed: (error) => this.#fail(error) }),
      ]),
    );
    for (const [id, row] of this.#rows) if (!kept.has(id)) row.node.remove();
    this.#rows = kept;
    tasks.forEach((task, place) => {
      const { node } = this.#row(task);
      if (this.rows.children[place] !== node) this.rows.insertBefore(node, this.rows.children[place] ?? null);
    });
  }

  #row(task) {
    const row = this.#rows.get(task.id);
    row.show(task);
    return row;
  }
}
