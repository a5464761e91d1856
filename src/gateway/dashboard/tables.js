// What a result holds that reads best as a table: rows of an answer, and lists of records such as rules or columns.

import { html, label } from "./element.js";
import { number, shown, value } from "./format.js";

const MOST_ROWS = 100;
const MOST_COLUMNS = 40;
const PREVIEWS = ["preview", "first_rows"];

const isRecord = (any) => any !== null && typeof any === "object" && !Array.isArray(any);
/** Records within records: too much for a cell. */
const isList = (any) => Array.isArray(any) && any.some(isRecord);
const titled = (text) => shown(text.replaceAll("_", " "), 60);

function cell(any) {
  if (any === undefined) return html("td", {}, "–");
  const kind = any === null ? "none" : typeof any === "number" ? "figure" : null;
  const whole = typeof any === "object" ? JSON.stringify(any) : any;
  return html("td", { class: kind, dir: "auto", title: shown(whole, 300) }, value(any));
}

const head = (name) => html("th", { scope: "col" }, label(name, 60));

/** `rows` are arrays as long as `names`, or longer. */
function table(title, names, rows) {
  const heads = names.slice(0, MOST_COLUMNS);
  const left = rows.length - MOST_ROWS;
  const line = (row) => heads.map((_, place) => cell(row[place]));
  const body = rows.slice(0, MOST_ROWS).map((row) => html("tr", {}, line(row)));
  return html(
    "details",
    { class: "panel records", open: true },
    html("summary", {}, titled(title)),
    html(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": titled(title) },
      html(
        "table",
        {},
        html("thead", {}, html("tr", {}, heads.map(head))),
        html("tbody", {}, body),
      ),
    ),
    left > 0 && html("p", { class: "detail" }, `${number(left)} more are in the result.`),
  );
}

function records(title, list) {
  const some = list.slice(0, MOST_ROWS);
  const names = [...new Set(some.flatMap(Object.keys))].filter((name) => !some.some((one) => isList(one[name])));
  return table(
    title,
    names,
    list.map((one) => names.map((name) => one[name])),
  );
}

/** The tables that there are in a result's data. */
export function tables(data) {
  const names = Array.isArray(data.columns) ? data.columns.map((column) => column?.name ?? "") : [];
  const rows = PREVIEWS.filter((name) => Array.isArray(data[name]) && data[name].every(Array.isArray));
  const lists = Object.entries(data).filter(([, any]) => Array.isArray(any) && any.length > 0 && any.every(isRecord));
  return [...rows.map((name) => table(name, names, data[name])), ...lists.map(([name, list]) => records(name, list))];
}
