// The columns of a profile as cards. A card is made again only when its column changed, so that an estimate turns exact
// in place.

import { histogram, isYear, topValues } from "./chart.js";
import { button, facts, html, label } from "./element.js";
import { fine, moment, number, percent, short, shown } from "./format.js";

const STEP = 120;
const NAME_LENGTH = 60;

/** "≈1,200" with its method and error to read, or just the number: an approximation is never silent. */
function approximate({ value, exact, method, error }) {
  if (exact) return number(value);
  const words = `approximate: ${shown(method ?? "from a sample", 60)}${error ? `, ± ${percent(error, 1)}` : ""}`;
  return html("span", { class: "approximate", title: words }, `≈${number(value)}`);
}

/** Times as a person writes them, years without a comma. */
const shownAs = (column, form) => (value) => {
  if (column.type === "time") return moment(value);
  return isYear(column) ? shown(value, 40) : form(value);
};
const counted = (count, word) => (count ? `${number(count)} ${word}` : null);

const meaning = ({ type, share }) =>
  `${shown(String(type).replaceAll("_", " "), 40)}${typeof share === "number" ? ` (${percent(share, 1)})` : ""}`;

function described(column) {
  const { mean, std, quantiles, length } = column;
  const has = (value) => value !== undefined && value !== null;
  const middle = quantiles?.values?.["0.5"];
  const edge = shownAs(column, fine);
  const isOrdered = column.type !== "text";
  return facts([
    ["min", isOrdered && has(column.min) ? edge(column.min) : null],
    ["max", isOrdered && has(column.max) ? edge(column.max) : null],
    [
      "median",
      has(middle) ? approximate({ ...quantiles, value: shownAs(column, (any) => any)(middle) }) : null,
    ],
    ["mean", has(mean) ? shownAs(column, number)(mean) : null],
    ["std", has(std) && column.type === "number" ? number(std) : null],
    ["distinct", column.distinct ? approximate(column.distinct) : null],
    ["order", column.order && column.order !== "none" ? shown(column.order, 30) : null],
    ["means", column.meaning ? meaning(column.meaning) : null],
    ["length", length ? `${number(length.min)} – ${number(length.max)}` : null],
  ]);
}

function oddities(column) {
  const words = [
    counted(column.zeros, "zero"),
    counted(column.negatives, "negative"),
    counted(column.nan, "NaN"),
    counted(column.infinite, "infinite"),
    counted(column.empty, "empty"),
    counted(column.blank, "blank"),
    isPersonal(column) ? "personal data" : null,
  ];
  const text = words.filter(Boolean).join(" · ");
  return text ? html("p", { class: "oddities" }, text) : null;
}

/** Whether a column, or anything inside of it, holds personal data. */
function isPersonal({ pii, fields = [], items }) {
  return Boolean(pii?.length) || [...fields, ...(items ? [items] : [])].some(isPersonal);
}

function nulls({ nulls: missing, count }) {
  if (missing === undefined) return null;
  const share = missing + (count ?? 0) > 0 ? missing / (missing + (count ?? 0)) : 0;
  return html(
    "span",
    { class: missing ? "nulls some" : "nulls", title: `${number(missing)} nulls` },
    missing ? `${percent(share, 1)} null` : "no nulls",
  );
}

function chart(column) {
  const { histogram: bins, top } = column;
  if (bins?.counts?.length)
    return histogram(column, `Distribution of ${shown(column.name, NAME_LENGTH)} over ${bins.counts.length} bins`);
  return top?.length ? topValues(top, column.count) : null;
}

export function card(column, isEstimate) {
  return html(
    "article",
    { class: isEstimate ? "card estimate" : "card", "data-type": shown(column.type, 20) },
    html(
      "header",
      {},
      html("h3", {}, label(column.name, NAME_LENGTH)),
      html("span", { class: "dtype", title: shown(column.dtype, 300) }, shown(column.dtype ?? "", 24)),
    ),
    chart(column),
    described(column),
    html("footer", {}, nulls(column), oddities(column), isEstimate && html("span", { class: "flag" }, "estimate")),
  );
}

export class ColumnCards {
  #columns = [];
  #isEstimate = false;
  #needle = "";
  #shown = STEP;
  #made = new Map();

  constructor() {
    this.search = html("input", {
      type: "search",
      placeholder: "Find a column",
      "aria-label": "Find a column",
      input: () => this.#find(),
    });
    this.more = button("", () => this.#grow(), "more");
    this.grid = html("div", { class: "cards" });
    this.node = html("div", { class: "columns" }, this.search, this.grid, this.more);
  }

  show(columns, isEstimate) {
    this.#columns = columns;
    this.#isEstimate = isEstimate;
    this.#draw();
  }

  #find() {
    this.#needle = this.search.value.trim().toLowerCase();
    this.#draw();
  }

  #grow() {
    this.#shown += STEP;
    this.#draw();
  }

  #draw() {
    const found = this.#columns
      .map((column, index) => ({ column, index }))
      .filter(({ column }) => String(column.name).toLowerCase().includes(this.#needle));
    this.search.hidden = this.#columns.length < 12;
    this.more.hidden = found.length <= this.#shown;
    this.more.textContent = `Show more (${short(found.length - this.#shown)} hidden)`;
    const cards = found.slice(0, this.#shown).map(({ column, index }) => this.#card(column, index));
    cards.forEach(
      (node, place) =>
        this.grid.children[place] !== node && this.grid.insertBefore(node, this.grid.children[place] ?? null),
    );
    while (this.grid.children.length > cards.length) this.grid.lastElementChild.remove();
  }

  #card(column, index) {
    const isEstimate = column.estimate ?? this.#isEstimate;
    const key = JSON.stringify([column, isEstimate]);
    const made = this.#made.get(index);
    if (made?.key === key) return made.node;
    const node = card(column, isEstimate);
    this.#made.set(index, { key, node });
    return node;
  }
}
