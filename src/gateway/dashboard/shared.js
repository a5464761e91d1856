// One stream of all tasks for all windows of a browser, because a browser opens six connections to a host and no more.
//
// Of the windows that can be seen one leads (it holds a Web Lock), keeps the stream and passes on what it hears through
// a BroadcastChannel. A hidden window never leads: it may be frozen, and the others would hear nothing. Where there are
// no locks (plain http on a foreign host) each window that can be seen has a stream of its own.

import { Stream } from "./stream.js";

const NAME = "sundog-tasks";

export class SharedStream {
  #channel = new BroadcastChannel(NAME);
  #state = "connecting";
  #leaving = null;

  /**
   * `task(row)`: a task changed. `state(word)`: of the stream, see stream.js; each "live" may follow a gap.
   * `refused()`: the gateway answered this window with no stream.
   */
  constructor({ task, state, refused }) {
    Object.assign(this, { task, state });
    this.stream = new Stream({
      url: () => "/v1/events",
      names: ["task"],
      event: (_, row) => this.#tell({ task: row }),
      state: (word) => word !== "closed" && this.#tell({ state: word }),
      refused: () => refused().catch(() => {}),
    });
  }

  start() {
    this.#channel.onmessage = ({ data }) => this.#hear(data);
    document.addEventListener("visibilitychange", () => this.#look());
    this.#look();
  }

  #look() {
    if (document.visibilityState === "hidden") return this.#leave();
    this.#join();
    this.#channel.postMessage({ ask: true });
  }

  #join() {
    if (this.#leaving) return;
    this.#leaving = new AbortController();
    const { signal } = this.#leaving;
    if (!navigator.locks) this.#lead(signal);
    else navigator.locks.request(NAME, { signal }, () => this.#lead(signal)).catch(() => {});
  }

  #leave() {
    this.#leaving?.abort();
    this.#leaving = null;
  }

  /** Lead until this window is hidden or closed: the lock is held as long as the promise is open. */
  #lead(signal) {
    if (signal.aborted) return Promise.resolve();
    this.stream.open();
    return new Promise((resolve) => {
      signal.addEventListener("abort", () => {
        this.stream.close();
        resolve();
      });
    });
  }

  #tell(message) {
    if (navigator.locks) this.#channel.postMessage(message);
    this.#hear(message);
  }

  #hear({ ask, task, state }) {
    if (ask && this.stream.isOpen && navigator.locks) this.#channel.postMessage({ state: this.#state });
    if (task) this.task(task);
    if (state && state !== this.#state) this.state((this.#state = state));
  }
}
