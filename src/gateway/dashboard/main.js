// Wires the parts of the dashboard: one set of tasks, one shared stream for them, and the page that the address names.

import { logOut, session } from "./api.js";
import { button, html, say } from "./element.js";
import { TaskList } from "./list.js";
import { route, taskHash } from "./route.js";
import { SharedStream } from "./shared.js";
import { SubmitPanel } from "./submit.js";
import { TaskPage } from "./taskpage.js";
import { Tasks } from "./tasks.js";

const byId = (id) => document.getElementById(id);
const tasks = new Tasks();
const list = new TaskList({ tasks });
const submit = new SubmitPanel({ submitted });
const home = html("div", { class: "home" }, submit.node, list.node);
let page = null;

function submitted(task, isOnly) {
  tasks.put(task);
  if (isOnly && page === homePage) location.hash = taskHash(task.id);
}

/** The home page as a page like a task's: it can be started and stopped. */
const homePage = {
  node: home,
  start() {
    submit.start();
    list.start();
  },
  stop: () => list.stop(),
  refresh() {
    submit.start();
    list.refresh();
  },
};

function show() {
  const hadPage = page !== null;
  page?.stop();
  const { name, id } = route();
  page = name === "task" ? new TaskPage({ id, tasks, announce: (text) => say(byId("announcer"), text) }) : homePage;
  byId("main").replaceChildren(page.node);
  page.start();
  window.scrollTo(0, 0);
  if (hadPage) page.node.querySelector("h1").focus({ preventScroll: true });
}

function connection(state) {
  const words = { connecting: "connecting…", live: "live", reconnecting: "reconnecting…" };
  byId("connection").dataset.state = state;
  say(byId("connection"), words[state]);
  if (state === "live") page.refresh();
}

/** A file may be dropped anywhere; what is dragged over the page without files is left alone. */
function watchDrops() {
  const veil = byId("veil");
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    veil.hidden = false;
  });
  addEventListener("dragleave", (event) => event.relatedTarget === null && (veil.hidden = true));
  addEventListener("drop", (event) => {
    veil.hidden = true;
    if (!hasFiles(event)) return;
    event.preventDefault();
    const files = [...event.dataTransfer.files]; // they are gone when this listener has returned
    if (page !== homePage) location.hash = "#/";
    submit.start().then(() => submit.drop(files));
  });
}

/** Who is logged in, with a way out; nothing where nobody needs to be. A refusal leads to the login by itself. */
async function showSession() {
  const { open, by_cookie: byCookie, tenant, role, key } = await session();
  if (open) return;
  const leave = async () => {
    await logOut();
    location.assign("/login");
  };
  byId("session").replaceChildren(
    html("span", { title: `${tenant}, ${role}` }, key.name),
    ...(byCookie ? [button("Log out", leave)] : []),
  );
}

addEventListener("hashchange", show);
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && page.refresh());
watchDrops();
show();
showSession().catch(() => {});
new SharedStream({ task: (row) => tasks.put(row), state: connection, refused: showSession }).start();
