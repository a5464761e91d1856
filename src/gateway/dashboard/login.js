// The page on which a browser logs in: it sends the key once, in a body, and gets a cookie that no script can read.

import { logIn } from "./api.js";
import { say } from "./element.js";

const form = document.getElementById("login");
const error = document.getElementById("error");

/** Back to the page that asked for the login; only ever to a place in the dashboard. */
const back = () => location.replace(`/${location.hash}`);

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  error.hidden = true;
  const field = form.elements.key;
  try {
    await logIn(field.value);
    field.value = "";
    back();
  } catch (problem) {
    say(error, [problem.message, problem.advice].filter(Boolean).join(" "));
    error.hidden = false;
    field.select();
  }
});
