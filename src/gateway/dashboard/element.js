// Elements are made here and nowhere else, from properties and text nodes: nothing that a server said is ever parsed
// as HTML.

import { shown } from "./format.js";

const SVG = "http://www.w3.org/2000/svg";

function fill(node, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") node.addEventListener(name, value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** `html("button", { type: "button", click: stop }, "Stop")`: a function is a listener, all else an attribute. */
export const html = (tag, properties = {}, ...children) => fill(document.createElement(tag), properties, children);

export const svg = (tag, properties = {}, ...children) =>
  fill(document.createElementNS(SVG, tag), properties, children);

/** A name that somebody else chose (a column, a file): bounded, isolated from the direction of its surroundings. */
export const label = (text, limit = 80, kind = "") =>
  html(
    "span",
    { class: `label ${kind}`.trim(), dir: "auto", title: shown(text, 300) },
    text === "" ? "(no name)" : shown(text, limit),
  );

/** Change a text only when it differs, so that a selection and a screen reader are left in peace. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

const WIDE = 9;

/** A few facts as term and description; those without a value are left out, long ones may take a line of their own. */
export const facts = (pairs, kind = "facts") =>
  html(
    "dl",
    { class: kind },
    pairs
      .filter(([, fact]) => fact !== null && fact !== undefined)
      .map(([term, fact]) =>
        html(
          "div",
          { class: (fact.textContent ?? fact).length > WIDE && "wide" },
          html("dt", {}, term),
          html("dd", {}, fact),
        ),
      ),
  );

export const button = (text, click, kind = "") => html("button", { type: "button", class: kind, click }, text);

/** One run of `render` a frame, however often it is asked for. */
export function framed(render) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      render();
    });
  };
}
