// A native EventSource that also comes back after an answer other than 200, where the browser gives up for good.
//
//   closed ── open() ──► connecting ──► live ──(lost)──► reconnecting ──► live
//
// close() leads back to closed from anywhere.
//
// While the browser reconnects by itself it sends Last-Event-ID. A new EventSource cannot, so `url()` is asked again
// each time and names the cursor in the query.

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 30_000;

export class Stream {
  #source = null;
  #timer = 0;
  #failures = 0;

  /**
   * `url()`: where to connect. `names`: the named events to listen to.
   * `event(name, data)`: one arrived. `state(word)`: of the chart above.
   * `refused()`: the server answered, but not with a stream; the stream tries again unless it is closed in there.
   */
  constructor({ url, names, event, state, refused = () => {} }) {
    Object.assign(this, { url, names, event, state, refused });
  }

  get isOpen() {
    return this.#source !== null;
  }

  open() {
    if (this.isOpen) return;
    this.state("connecting");
    this.#connect();
  }

  close() {
    if (!this.isOpen) return;
    clearTimeout(this.#timer);
    this.#source.close();
    this.#source = null;
    this.#failures = 0;
    this.state("closed");
  }

  #connect() {
    const source = new EventSource(this.url());
    this.#source = source;
    source.onopen = () => {
      this.#failures = 0;
      this.state("live");
    };
    source.onerror = () => this.#source === source && this.#lost();
    for (const name of this.names) {
      source.addEventListener(name, ({ data }) => this.#source === source && this.event(name, JSON.parse(data)));
    }
  }

  #lost() {
    this.state("reconnecting");
    if (this.#source.readyState !== EventSource.CLOSED) return;
    const delay = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** this.#failures++) * (0.5 + Math.random());
    this.#timer = setTimeout(() => this.#connect(), delay);
    this.refused();
  }
}
