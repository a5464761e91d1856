// The feed of one task while its page can be seen: a hidden page gives its connection back and later goes on after the
// last event that it saw.

import { taskPath } from "./api.js";
import { Story, NAMES } from "./story.js";
import { Stream } from "./stream.js";

export class Feed {
  story = new Story();
  #hiding = new AbortController();

  /**
   * `told(changed)`: the story went on; `changed`: the task's row too.
   * `state(word)`: of the stream, or "ended", or "paused" while the page is hidden.
   */
  constructor({ id, told, state }) {
    Object.assign(this, { told, state });
    this.stream = new Stream({
      url: () => `${taskPath(id, "/events")}?after=${this.story.seq}`,
      names: NAMES,
      event: (name, data) => this.#hear(name, data),
      state: (word) => word !== "closed" && state(word),
      refused: () => this.#refused(),
    });
    document.addEventListener("visibilitychange", () => this.#look(), { signal: this.#hiding.signal });
    this.#look();
  }

  /** The task was given a new chance after its end: listen again. */
  resume() {
    this.story.isEnded = false;
    this.story.isOver = false;
    this.#look();
  }

  stop() {
    this.#hiding.abort();
    this.stream.close();
  }

  #look() {
    if (this.story.isEnded) return;
    if (document.visibilityState !== "hidden") return this.stream.open();
    this.stream.close();
    this.state("paused");
  }

  #hear(name, data) {
    const changed = this.story.tell(name, data);
    if (this.story.isEnded) this.#end();
    this.told(changed);
  }

  /** 204 after the end, or something is wrong: the task itself is asked, and the page decides. */
  #refused() {
    if (this.story.isOver) this.#end();
    this.told(true);
  }

  #end() {
    this.story.isEnded = true;
    this.stream.close();
    this.state("ended");
  }
}
