// The gateway's HTTP interface, as far as the dashboard uses it. A refusal is a `Problem` (RFC 9457) with a sentence.

export class Problem extends Error {
  constructor({ status = 0, code = "unreachable", title, detail, advice = null } = {}) {
    super(detail || title || "The gateway cannot be reached.");
    this.status = status;
    this.code = code;
    this.advice = advice ?? (status === 0 ? "Is it still running? Try again in a moment." : null);
  }
}

/** The problem in an answer's body, or the best that can be said without one. */
function problem(status, text) {
  try {
    return new Problem({ status, code: "unknown", ...JSON.parse(text) });
  } catch {
    return new Problem({ status, code: "unknown", title: `The gateway answered with ${status}.` });
  }
}

// A page of another site cannot send this header: it keeps such a page from asking with our cookie.
const OWN_PAGE = { "x-sundog-page": "1" };

/** Nobody is logged in, or no longer: to the page where one does, and back to this place afterwards. */
function mustLogIn(status) {
  if (status === 401 && location.pathname !== "/login") location.assign(`/login${location.hash}`);
}

async function call(path, options = {}) {
  const headers = { accept: "application/json", ...OWN_PAGE, ...options.headers };
  const response = await fetch(path, { cache: "no-store", ...options, headers }).catch(() => {
    throw new Problem();
  });
  const text = await response.text();
  mustLogIn(response.status);
  if (!response.ok) throw problem(response.status, text);
  return text === "" ? null : JSON.parse(text);
}

const post = (path, body) =>
  call(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

export const session = () => call("/v1/session");
export const logIn = (key) => post("/v1/session", { key });
export const logOut = () => call("/v1/session", { method: "DELETE" });

export const taskPath = (id, part = "") => `/v1/tasks/${encodeURIComponent(id)}${part}`;

export const kinds = async () => (await call("/v1/kinds")).kinds;
export const task = (id) => call(taskPath(id));
export const result = (id) => call(taskPath(id, "/result"));
export const submit = (asked) => post("/v1/tasks", asked);
export const cancel = (id) => post(taskPath(id, "/cancel"), {});

/** A page of tasks, newest first: `{tasks, next}`; `next` is given back to get the page after it. */
export function tasks({ state = null, next = null } = {}) {
  if (next !== null) {
    const { pathname, search } = new URL(next, location.origin);
    return call(pathname + search);
  }
  return call(`/v1/tasks?limit=100${state ? `&state=${encodeURIComponent(state)}` : ""}`);
}

/**
 * Hand in a file as a dataset. `progress(fraction)` is told how much of it has left; `signal` aborts it.
 * XMLHttpRequest, because fetch does not tell how much of a body has been sent.
 */
export function upload(file, { progress, signal }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", `/v1/datasets/${encodeURIComponent(file.name)}`);
    request.setRequestHeader("content-type", file.type || "application/octet-stream");
    for (const [name, value] of Object.entries(OWN_PAGE)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / Math.max(1, event.total));
    request.onload = () => {
      mustLogIn(request.status);
      if (request.status < 300) resolve(JSON.parse(request.responseText));
      else reject(problem(request.status, request.responseText));
    };
    request.onerror = () =>
      reject(new Problem({ detail: "The upload broke off.", advice: "Check the connection and drop the file again." }));
    request.onabort = () => reject(new DOMException("The upload was stopped.", "AbortError"));
    signal.addEventListener("abort", () => request.abort());
    request.send(file);
  });
}
