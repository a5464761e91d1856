// A task's state as a word with a sign: colour alone says nothing to some.

import { html, say } from "./element.js";
import { shown } from "./format.js";

export const STATES = ["queued", "running", "succeeded", "failed", "cancelled"];

export class StateBadge {
  node = html("span", { class: "state" });

  show(state) {
    this.node.dataset.state = shown(state, 20);
    say(this.node, shown(state, 20));
  }
}
