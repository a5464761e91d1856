// The same task from a shell: what the page does, as curl.

import { taskPath } from "./api.js";
import { button, html } from "./element.js";

const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

function commands({ id, kind, inputs, params }) {
  const url = (part = "") => location.origin + taskPath(id, part);
  const ids = Object.fromEntries(Object.entries(inputs ?? {}).map(([name, input]) => [name, input?.id ?? input]));
  const asked = JSON.stringify({ kind, inputs: ids, params: params ?? {} });
  return [
    ["Follow it", `curl -N ${url("/events")}`],
    ["Look at it", `curl -s ${url()}`],
    ["Get the result", `curl -s ${url("/result")}`],
    ["Cancel it", `curl -s -X POST ${url("/cancel")}`],
    ["Ask for it again", `curl -s ${location.origin}/v1/tasks -H 'content-type: application/json' -d ${quoted(asked)}`],
  ];
}

/** A button that copies; only pages on https or on this machine may touch the clipboard. */
function copyButton(text) {
  if (!navigator.clipboard) return null;
  const copy = button(
    "Copy",
    async () => {
      await navigator.clipboard.writeText(text).then(
        () => (copy.textContent = "Copied"),
        () => (copy.textContent = "Not allowed"),
      );
    },
    "quiet",
  );
  return copy;
}

export class CommandsPanel {
  list = html("dl", { class: "commands" });
  node = html("details", { class: "panel" }, html("summary", {}, "As curl"), this.list);

  show({ task }) {
    if (this.list.childElementCount > 0) return;
    this.list.append(
      ...commands(task).map(([what, text]) =>
        html("div", {}, html("dt", {}, what), html("dd", {}, html("code", {}, text), copyButton(text))),
      ),
    );
  }
}
