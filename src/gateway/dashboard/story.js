// What the feed of one task has told so far. An event that was seen is known by its seq and told once; progress is
// state, so only the latest counts.

import { rowsOf } from "./format.js";

const MOST_LINES = 1000;

const SENTENCES = {
  queued: () => "queued",
  started: ({ attempt, processor }) => `attempt ${attempt ?? "?"} started on ${processor ?? "a processor"}`,
  succeeded: () => "succeeded",
  failed: ({ error }) => `failed: ${error?.message ?? "no reason was given"}`,
  cancelled: () => "cancelled",
  retrying: ({ error }) => `will be tried again: ${error?.message ?? "no reason was given"}`,
  partial: ({ estimate, result }) =>
    estimate
      ? `an estimate from ${result?.sample_rows === undefined ? "a sample" : `${rowsOf(result.sample_rows)} rows`}`
      : "a part of the result",
};

const LEVELS = { failed: "error", retrying: "warning", log: "info" };
const CHANGES = new Set(["queued", "started", "succeeded", "failed", "cancelled", "retrying", "reset"]);
const LAST = new Set(["succeeded", "failed", "cancelled"]);

export const NAMES = [...Object.keys(SENTENCES), "progress", "log", "end", "reset"];

/** A partial result may hold some of a wide table's columns: they take their place among those that came before. */
function together(before, { estimate, result }) {
  const place = result?.place;
  if (!place || !Array.isArray(result.columns)) return { estimate, result };
  const known = before?.result?.place?.of === place.of ? before.result.columns : [];
  const came = result.columns.map((column) => ({ ...column, estimate }));
  const columns = [...known.slice(0, place.from), ...came, ...known.slice(place.from + came.length)];
  return { estimate: columns.some((column) => column.estimate !== false), result: { ...result, columns } };
}

export class Story {
  seq = 0;
  lines = [];
  progress = null;
  partial = null;
  /** The last state was told: when the stream breaks now there is nothing more to come. */
  isOver = false;
  /** The feed said that it ends here. */
  isEnded = false;
  /** How often what was told was forgotten: the feed does not go back to where we were. */
  resets = 0;

  /** Take in one event. Answers whether the task's row must have changed with it. */
  tell(name, data) {
    if (name === "progress") this.progress = data;
    else if (name === "end") this.isEnded = true;
    else if (name === "reset") this.#forget(data);
    else if (data.seq > this.seq) this.#add(name, data);
    else return false;
    return CHANGES.has(name);
  }

  #forget({ seq = 0 }) {
    Object.assign(this, { seq, lines: [], progress: null, partial: null, isOver: false, resets: this.resets + 1 });
  }

  #add(name, data) {
    this.seq = data.seq;
    this.isOver = LAST.has(name);
    if (name === "started") this.progress = null;
    if (name === "partial") this.partial = together(this.partial, { estimate: data.estimate, result: data.result });
    const text = name === "log" ? data.message : SENTENCES[name](data);
    this.lines.push({ seq: data.seq, at: data.at, level: data.level ?? LEVELS[name] ?? "state", text });
    if (this.lines.length > MOST_LINES) this.lines.shift();
  }
}
