// Handing in: files, a kind, its params. A file that is all a kind needs starts as soon as it is dropped.

import * as api from "./api.js";
import { button, html, label, say } from "./element.js";
import { bytes, percent, shown } from "./format.js";
import { errorNote } from "./failure.js";
import { ParamsForm } from "./params.js";
import { Bar } from "./progress.js";

const FIRST = "profile";
const ANY = "*"; // The one input of a kind that takes any number of them, under any names.

/** A name for a file among such inputs: what stands before its endings, as a word, not yet taken. */
function nameFor(file, taken) {
  const word = file.name.split(".")[0].replace(/[^\p{L}\p{N}]+/gu, "_").replace(/^_+|_+$/g, "").slice(0, 40) || "data";
  let name = word;
  for (let number = 2; taken.has(name); number++) name = `${word}_${number}`;
  return name;
}

/** An input's name; one that may be left out is announced with a question mark. */
const plain = (name) => name.replace(/\?$/, "");

export class SubmitPanel {
  #kinds = null;
  chosen = null;
  #files = new Map();
  #sending = null;

  /** `submitted(task, isOnly)`: the gateway has taken it; `isOnly`: it was not dropped together with others. */
  constructor({ submitted }) {
    this.submitted = submitted;
    this.kind = html("select", { id: "kind", change: () => this.#choose() });
    this.about = html("p", { class: "about" });
    this.slots = html("div", { class: "slots" });
    this.place = html("div");
    this.go = html("button", { type: "submit", class: "primary", disabled: true }, "Analyse");
    this.stop = button("Stop", () => this.#sending?.abort(), "quiet");
    this.bar = new Bar("wide");
    this.words = html("p", { class: "detail", role: "status" });
    this.sending = html("div", { class: "sending", hidden: true }, this.words, this.bar.node, this.stop);
    this.note = html("div");
    this.form = html(
      "form",
      { class: "submit panel", "aria-label": "New task", submit: (event) => this.#asked(event) },
      html("h2", {}, "New task"),
      html("label", { class: "field", for: "kind" }, html("span", {}, "Kind"), this.kind),
      this.about,
      this.slots,
      this.place,
      this.go,
      this.sending,
      this.note,
    );
    this.node = this.form;
  }

  /** Ask what can be asked for. What was chosen or typed stays, unless the offer has changed. */
  async start() {
    await api
      .kinds()
      .then((kinds) => this.#offer(kinds))
      .catch((error) => this.#kinds === null && this.#fail(error));
  }

  /** Files from anywhere on the page. With one input, each is a task; otherwise they fill the inputs in order. */
  async drop(files) {
    const names = this.#names;
    if (this.chosen === null) return this.#fail(new Error("Nobody can analyse it: no processor is running."));
    if (this.#sending) return;
    if (this.#takesAny) return files.forEach((file) => this.#take(ANY, file));
    if (names.length === 1 && files.length > 1 && this.params.isOptional) return this.#each(names[0], files);
    const empty = names.filter((name) => !this.#files.has(name));
    files.slice(0, names.length).forEach((file, index) => this.#take(empty[index] ?? names[index], file));
  }

  #offer(offered) {
    const kinds = offered.filter(({ processors }) => processors !== 0).map(({ processors: _, ...kind }) => kind);
    if (JSON.stringify(kinds) === JSON.stringify(this.#kinds)) return;
    const wanted = [this.kind.value, FIRST].find((name) => kinds.some((kind) => kind.name === name));
    this.#kinds = kinds;
    this.note.replaceChildren();
    this.kind.replaceChildren(
      ...kinds.map(({ name, title }) => html("option", { value: name }, shown(title || name, 60))),
    );
    if (wanted) this.kind.value = wanted;
    this.#choose();
  }

  #choose() {
    this.chosen = this.#kinds.find(({ name }) => name === this.kind.value) ?? null;
    this.go.disabled = this.chosen === null;
    this.place.replaceChildren();
    this.slots.replaceChildren();
    if (this.chosen === null) return say(this.about, "No processor is running that could analyse anything.");
    say(this.about, shown(this.chosen.summary ?? "", 300));
    this.params = new ParamsForm(this.chosen);
    this.place.replaceChildren(this.params.node);
    this.#files.clear();
    this.#slot();
  }

  #slot() {
    const named = this.#takesAny ? [...this.#files.keys()].map((name) => [name, ""]) : [];
    this.slots.replaceChildren(
      ...[...named, ...Object.entries(this.chosen.inputs ?? {})].map(([name, what]) => this.#slotOf(plain(name), what)),
    );
  }

  get #names() {
    return Object.keys(this.chosen?.inputs ?? {}).map(plain);
  }

  get #takesAny() {
    return ANY in (this.chosen?.inputs ?? {});
  }

  get #startsAtOnce() {
    return !this.#takesAny && this.#names.length === 1 && this.params.isOptional;
  }

  #slotOf(name, what) {
    const file = this.#files.get(name);
    const picker = html("input", {
      type: "file",
      name,
      class: "unseen",
      "aria-label": name === ANY ? "Another file" : `File for ${shown(name, 40)}`,
      change: () => picker.files[0] && this.#take(name, picker.files[0]),
    });
    const words = file
      ? [label(file.name, 60), html("small", {}, bytes(file.size), this.#takesAny && ` as ${shown(name, 40)}`)]
      : [
          html("strong", {}, "Drop a file or choose one"),
          html("small", {}, this.#names.length > 1 && html("b", {}, `${shown(name, 40)}: `), shown(what, 120)),
          this.#startsAtOnce && html("small", {}, "It starts at once."),
        ];
    return html("label", { class: file ? "slot filled" : "slot" }, picker, words);
  }

  #take(name, file) {
    this.#files.set(name === ANY ? nameFor(file, this.#files) : name, file);
    this.#slot();
    if (this.#startsAtOnce) this.#send(true);
  }

  #asked(event) {
    event.preventDefault();
    const isMissing = (name) =>
      name === ANY ? this.#files.size === 0 : !name.endsWith("?") && !this.#files.has(name);
    const missing = Object.keys(this.chosen?.inputs ?? {}).find(isMissing);
    if (missing === undefined) this.#send(true);
    else this.slots.querySelector(`input[name="${CSS.escape(missing)}"]`)?.click();
  }

  async #each(name, files) {
    for (const file of files) {
      this.#files.set(name, file);
      this.#slot();
      if (!(await this.#send(false))) return;
    }
  }

  /** Upload what is missing, ask for the task. Answers whether it was taken. */
  async #send(isOnly) {
    if (this.#sending) return false;
    this.#busy(new AbortController());
    try {
      const params = this.params.value();
      const [kind, files, inputs] = [this.chosen.name, [...this.#files], {}];
      for (const [name, file] of files) inputs[name] = (await this.#upload(file)).id;
      const task = await api.submit({ kind, inputs, params });
      this.#files.clear();
      this.#slot();
      this.submitted(task, isOnly);
      return true;
    } catch (error) {
      this.#fail(error);
      return false;
    } finally {
      this.#busy(null);
    }
  }

  #upload(file) {
    const show = (fraction) => {
      this.bar.show(fraction);
      say(
        this.words,
        fraction < 1 ? `Handing in ${shown(file.name, 40)}: ${percent(fraction)} of ${bytes(file.size)}` : "Storing…",
      );
    };
    show(0);
    return api.upload(file, { progress: show, signal: this.#sending.signal });
  }

  #busy(sending) {
    this.#sending = sending;
    this.sending.hidden = sending === null;
    this.go.disabled = sending !== null;
    if (sending) this.note.replaceChildren();
  }

  #fail(error) {
    if (error.name === "AbortError") return;
    this.note.replaceChildren(errorNote(error));
  }
}
