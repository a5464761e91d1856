// The head of a task's page: what it is about, how it stands, and the button that stops it.

import { cancel } from "./api.js";
import { button, html, label, say } from "./element.js";
import { ago, bytes, clock, duration, seconds, shown } from "./format.js";
import { StateBadge } from "./state.js";
import { isFinished } from "./tasks.js";

const FEED_WORDS = {
  connecting: "connecting…",
  live: "live",
  reconnecting: "reconnecting…",
  paused: "paused",
  ended: "",
};

export const inputNames = (task) => Object.values(task.inputs ?? {}).map((input) => input?.name ?? String(input));

/** "waited 12 ms, ran 4.2 s", as far as it has come. */
function times({ created_at, started_at, finished_at, state }) {
  const waited = started_at
    ? `waited ${duration(seconds(created_at, started_at))}`
    : state === "queued"
      ? `waiting for ${duration(seconds(created_at))}`
      : null;
  const ran = started_at
    ? `${finished_at ? "ran" : "running for"} ${duration(seconds(started_at, finished_at))}`
    : null;
  return [`asked for ${ago(created_at)}`, waited, ran].filter(Boolean).join(" · ");
}

/** A running task ends when its processor has heard of it: until then the button says that it was asked. */
export function showCancel(button, { cancel_requested_at: asked }) {
  button.classList.toggle("asked", Boolean(asked));
  say(button, asked ? "Cancelling…" : "Cancel");
}

export class Heading {
  #isNamed = false;

  constructor({ failed }) {
    this.failed = failed;
    this.badge = new StateBadge();
    this.title = html("h1", { tabindex: "-1" }, "Task");
    this.kind = html("span", { class: "kind" });
    this.feed = html("span", { class: "feed", role: "status" });
    this.about = html("p", { class: "about" });
    this.stop = button("Cancel", () => this.#cancel(), "danger");
    this.node = html(
      "header",
      { class: "heading" },
      html("a", { class: "back", href: "#/" }, "← All tasks"),
      html("div", { class: "title" }, this.title, this.stop),
      html("p", { class: "badges" }, this.badge.node, this.kind, this.feed),
      this.about,
    );
  }

  show({ task, feed }) {
    this.id = task.id;
    this.badge.show(task.state);
    say(this.kind, shown(task.kind, 40));
    say(this.feed, FEED_WORDS[feed] ?? "");
    this.feed.dataset.state = feed;
    this.stop.hidden = isFinished(task);
    showCancel(this.stop, task);
    if (!this.#isNamed) this.#name(task);
    say(this.about, `${this.size}${times(task)}`);
    this.about.title = clock(task.created_at);
  }

  #name(task) {
    this.#isNamed = true;
    const names = inputNames(task);
    this.title.replaceChildren(...names.flatMap((name, index) => [index ? " and " : "", label(name, 80)]));
    document.title = `${shown(names[0] ?? task.kind, 60)} · Sundog`;
    const sizes = Object.values(task.inputs ?? {})
      .map((input) => input?.bytes)
      .filter((size) => typeof size === "number");
    this.size = sizes.length ? `${sizes.map(bytes).join(" and ")} · ` : "";
  }

  async #cancel() {
    this.stop.disabled = true;
    await cancel(this.id).catch(this.failed);
    this.stop.disabled = false;
  }
}
