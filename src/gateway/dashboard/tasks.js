// The tasks that this window knows, whoever told it of them. Duplicates and old news are harmless: a row's version
// decides.

const MOST = 2000;
const FINISHED = new Set(["succeeded", "failed", "cancelled"]);

export const isFinished = (task) => FINISHED.has(task.state);

/** Newer, or the same row with a newer (or a first) progress beside it. */
function isNews(task, known) {
  const age = (task.version ?? 0) - (known?.version ?? -1);
  if (age !== 0) return age > 0;
  return (task.progress?.rev ?? -1) >= (known.progress?.rev ?? -1);
}

const byAge = (a, b) => (a.created_at === b.created_at ? (a.id < b.id ? 1 : -1) : a.created_at < b.created_at ? 1 : -1);

export class Tasks {
  #known = new Map();
  #touched = new Map();
  #watchers = new Set();
  #now = 0;

  get(id) {
    return this.#known.get(id);
  }

  /** Newest first. */
  all() {
    return [...this.#known.values()].sort(byAge);
  }

  /** `watcher(task)` is called with each task that changed, or with null when many did. */
  watch(watcher) {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  put(task) {
    if (!this.#keep(task)) return;
    if (this.#known.size > MOST)
      this.all()
        .slice(MOST)
        .forEach(({ id }) => this.#known.delete(id));
    this.#watchers.forEach((watcher) => watcher(task));
  }

  add(tasks) {
    tasks.forEach((task) => this.#keep(task));
    this.#watchers.forEach((watcher) => watcher(null));
  }

  /** A mark in time, for `replace`. */
  mark() {
    return this.#now;
  }

  /**
   * What a list that was asked for at `mark` answered. Tasks that it does not name, and of which nobody told since, go:
   * they may have changed while nobody watched.
   */
  replace(tasks, mark) {
    const named = new Set(tasks.map(({ id }) => id));
    for (const id of this.#known.keys()) {
      if (!named.has(id) && this.#touched.get(id) <= mark) this.#known.delete(id);
    }
    this.add(tasks);
  }

  #keep(task) {
    const known = this.#known.get(task.id);
    if (!isNews(task, known)) return false;
    this.#known.set(task.id, { ...known, ...task });
    this.#touched.set(task.id, ++this.#now);
    return true;
  }
}
