// What an analysis found so far: an estimate first, the exact result in its place later.

import { taskPath } from "./api.js";
import { ColumnCards } from "./columns.js";
import { facts, html, label, say } from "./element.js";
import { bytes, duration, number, percent, rowsOf, shown, value } from "./format.js";
import { tables } from "./tables.js";
import { isFinished } from "./tasks.js";

const MOST_JSON = 20_000;

const titled = (text) => shown(text.replaceAll("_", " "), 60);
/** Columns of which more is known than a name and a type: those are shown as cards. */
const isProfile = (columns) =>
  Array.isArray(columns) && columns.every((column) => column && "name" in column && "type" in column && "dtype" in column);
const isFlat = (any) => any === null || typeof any !== "object";

function summary(envelope) {
  const rows = Object.entries(envelope.inputs ?? {}).map(([name, { rows: count }]) => [
    `rows of ${titled(name)}`,
    typeof count === "number" ? number(count) : null,
  ]);
  const found = Object.entries(envelope.summary ?? {})
    .filter(([, any]) => isFlat(any) && any !== null)
    .map(([name, any]) => [titled(name), name.endsWith("share") ? percent(any, 1) : value(any)]);
  return facts(found.length ? found : rows, "facts summary");
}

function timings(times) {
  return facts(
    Object.entries(times ?? {}).map(([phase, took]) => [titled(phase), duration(took)]),
    "facts timings",
  );
}

function warnings(list, title = "Warnings") {
  if (!list?.length) return null;
  return html(
    "section",
    { class: "panel warnings" },
    html("h2", {}, title),
    html(
      "ul",
      {},
      list
        .slice(0, 200)
        .map(({ code, message }) =>
          html("li", { dir: "auto" }, shown(message, 600), " ", html("code", {}, shown(code, 60))),
        ),
    ),
  );
}

const FIRST_ALERTS = 5;

/** What is probably wrong before what is good to know; past the first few behind a fold, so that columns are near. */
function alerts(list) {
  if (!list?.length) return null;
  const ranked = ["warning", "info"].flatMap((level) => list.filter((alert) => alert.level === level));
  const panel = warnings(ranked.slice(0, FIRST_ALERTS), `Alerts (${number(ranked.length)})`);
  const rest = warnings(ranked.slice(FIRST_ALERTS), "More alerts");
  if (rest) {
    const fold = html("summary", {}, `${number(ranked.length - FIRST_ALERTS)} more`);
    panel.append(html("details", { class: "more-alerts" }, fold, rest.querySelector("ul")));
  }
  return panel;
}

/** A page for people, made by the analysis; the answer's own policy lets it show itself and do nothing. */
function report(list, id) {
  if (!list?.some(({ name }) => name === "report.html")) return null;
  return html("p", {}, html("a", { href: taskPath(id, "/artifacts/report.html"), class: "report" }, "Open the report"));
}

function artifacts(list, id) {
  if (!list?.length) return null;
  const link = ({ name, bytes: size, media_type: type }) =>
    html(
      "li",
      {},
      html("a", { href: taskPath(id, `/artifacts/${encodeURIComponent(name)}`) }, label(name)),
      " ",
      html("small", {}, `${bytes(size)} · ${shown(type, 60)}`),
    );
  return html("section", { class: "panel artifacts" }, html("h2", {}, "Artifacts"), html("ul", {}, list.map(link)));
}

/** The whole, as JSON: open where no table tells what is in it. */
function plain(data, isOpen) {
  const text = JSON.stringify(data, null, 2);
  return html(
    "details",
    { class: "panel", open: isOpen },
    html("summary", {}, "Data"),
    html("pre", { tabindex: "0" }, shown(text, MOST_JSON).replaceAll("\\u000a", "\n")),
  );
}

export class ResultPanel {
  #source = null;

  constructor() {
    this.flag = html("span", { class: "flag" });
    this.words = html("span", { class: "flag-words" });
    this.head = html("header", { class: "result-head" }, html("h2", {}, "Result"), this.flag, this.words);
    this.top = html("div");
    this.cards = new ColumnCards();
    this.other = html("div", { class: "result-other" });
    this.bottom = html("div", { class: "result-bottom" });
    this.node = html("section", { class: "result" }, this.head, this.top, this.cards.node, this.other, this.bottom);
  }

  show({ task, story, result }) {
    const source = result ?? story.partial;
    this.node.hidden = source === null;
    if (source === null) return;
    const isEstimate = result === null && story.partial.estimate !== false;
    this.#mark(isEstimate, result ? null : story.partial.result, isFinished(task));
    if (source === this.#source) return;
    this.#source = source;
    this.#data(result ? result.data : story.partial.result, isEstimate);
    if (result) this.#whole(result, task.id);
  }

  /** `partial` is null once the whole result is there. */
  #mark(isEstimate, partial, isFinished) {
    say(this.flag, isEstimate ? "estimate" : partial ? "partial" : "exact");
    this.flag.dataset.flag = this.flag.textContent;
    const source = isEstimate
      ? `from a sample${partial.sample_rows === undefined ? "" : ` of ${rowsOf(partial.sample_rows)} rows`}; `
      : "";
    say(
      this.words,
      partial === null
        ? ""
        : source + (isFinished ? "the run ended before the whole was known" : "exact values follow"),
    );
  }

  #data(data, isEstimate) {
    const hasCards = isProfile(data?.columns);
    this.cards.node.hidden = !hasCards;
    if (hasCards) this.cards.show(data.columns, isEstimate);
    this.other.replaceChildren(...(hasCards || !data ? [] : this.#forms(data)));
  }

  #forms(data) {
    const found = tables(data);
    return [...found, plain(data, found.length === 0)];
  }

  #whole(envelope, id) {
    const parts = [report(envelope.artifacts, id), alerts(envelope.data?.alerts), warnings(envelope.warnings)];
    this.top.replaceChildren(summary(envelope), ...parts.filter(Boolean));
    const times = html("section", { class: "panel" }, html("h2", {}, "Timings"), timings(envelope.timings));
    this.bottom.replaceChildren(...[artifacts(envelope.artifacts, id), times].filter(Boolean));
  }
}
