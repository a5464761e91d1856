// Small charts as inline SVG. Sizes are attributes, colours are classes: the page's policy allows no style in markup.

import { html, svg } from "./element.js";
import { moment, number, percent, shown, value } from "./format.js";

const WIDTH = 240;
const HEIGHT = 56;

/** The place of an edge on a line: a number, a number too large for one that came as text, a time, or one of day. */
function place(edge) {
  const asNumber = Number(edge);
  if (!Number.isNaN(asNumber)) return asNumber;
  return Date.parse(/^\d\d:/.test(edge) ? `1970-01-01T${edge}Z` : edge);
}

/** Whole numbers that are years: 2013, not 2,013. */
export const isYear = ({ meaning }) => meaning?.type === "year";

const edgeText = (edge) => (Number.isNaN(Number(edge)) ? moment(edge) : number(edge));
const edgesOf = (column) => (isYear(column) ? (edge) => shown(edge, 40) : edgeText);

/** `{edges: [n + 1], counts: [n]}` as bars as wide as their bins, or as even ones where the edges have no width. */
function bars({ edges, counts }, text) {
  const [first, last] = [place(edges[0]), place(edges.at(-1))];
  const most = Math.max(1, ...counts);
  const x = (index) =>
    last > first ? ((place(edges[index]) - first) / (last - first)) * WIDTH : (index / counts.length) * WIDTH;
  return counts.map((count, index) => {
    const height = count === 0 ? 0 : Math.max(1.5, (count / most) * HEIGHT);
    return svg(
      "rect",
      { x: x(index), y: HEIGHT - height, width: Math.max(0.5, x(index + 1) - x(index) - 1), height },
      svg("title", {}, `${text(edges[index])} to ${text(edges[index + 1])}: ${number(count)}`),
    );
  });
}

/** The quantiles under a histogram, on its line: 5 % to 95 % thin, 25 % to 75 % thick, the median a mark. */
function strip({ edges }, quantiles) {
  const [first, last] = [place(edges[0]), place(edges.at(-1))];
  const at = (q) => Math.min(WIDTH, Math.max(0, ((place(quantiles.values[q]) - first) / (last - first)) * WIDTH));
  const line = (from, to, kind) =>
    svg("line", { class: kind, x1: at(from), x2: at(to), y1: HEIGHT + 6, y2: HEIGHT + 6 });
  const median = svg("line", { class: "median", x1: at("0.5"), x2: at("0.5"), y1: HEIGHT + 2, y2: HEIGHT + 10 });
  const parts = [line("0.05", "0.95", "thin"), line("0.25", "0.75", "thick"), median];
  return parts.some((part) => part.getAttribute("x1") === "NaN" || part.getAttribute("x2") === "NaN") ? [] : parts;
}

export function histogram(column, words) {
  const { histogram: bins, quantiles } = column;
  const text = edgesOf(column);
  const isStripped = quantiles && place(bins.edges.at(-1)) > place(bins.edges[0]);
  return html(
    "figure",
    { class: "histogram" },
    svg(
      "svg",
      {
        viewBox: `0 0 ${WIDTH} ${HEIGHT + (isStripped ? 11 : 0)}`,
        role: "img",
        "aria-label": words,
        preserveAspectRatio: "none",
      },
      svg("g", { class: "bins" }, bars(bins, text)),
      isStripped && strip(bins, quantiles),
    ),
    html(
      "figcaption",
      {},
      ends(column, text).map((end) => html("span", {}, end)),
    ),
  );
}

/**
 * What stands at the ends of an axis: the least and the greatest value, since bins of whole numbers end beyond it. Large
 * numbers, which come as text, have no room: how large they are is told. Of two times of different days the days do.
 */
function ends({ type, histogram: { edges }, min, max }, text) {
  const isLong = (end) => type === "number" && typeof end === "string" && end.length > 15;
  const texts = [min, max].map((end, place) =>
    isLong(end) ? `≈ ${Number(end).toPrecision(5)}` : text(end ?? edges.at(-place)),
  );
  const days = texts.map((text) => text.match(/^\d{4}-\d\d-\d\d(?= )/)?.[0]);
  return days[0] && days[1] && days[0] !== days[1] ? days : texts;
}

/** Top values, each with the share that it has of `count` rows; a count that is not exact says so. */
export function topValues(top, count) {
  return html(
    "ol",
    { class: "top-values" },
    top.slice(0, 5).map(({ value: any, count: times, exact = true, method }) => {
      const share = count > 0 ? Math.min(1, times / count) : 0;
      const part = percent(share, share < 0.1 ? 1 : 0);
      const plain = any === null || any === "";
      const counted = exact ? number(times) : `about ${number(times)}: ${shown(method ?? "approximate", 60)}`;
      return html(
        "li",
        {},
        svg(
          "svg",
          { class: "share-bar", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
          svg("rect", { width: share * 100, height: 10, rx: 1 }),
        ),
        html("span", { class: plain ? "label none" : "label", dir: "auto", title: shown(any, 300) }, value(any)),
        html("span", { class: "times", title: counted }, exact || share < 0.001 ? part : `≈${part}`),
      );
    }),
  );
}
