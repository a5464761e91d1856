// Shows /openapi.json to a reader. Everything is set as text: what kinds say of themselves comes from third parties.

const METHODS = ["get", "put", "post", "delete"];

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children.filter((child) => child !== null));
  return node;
}

function typeOf(schema) {
  if (schema.$ref) {
    const name = schema.$ref.split("/").pop();
    return make("a", { href: `#schema-${name}` }, name);
  }
  const words = schema.enum ? schema.enum.map((value) => JSON.stringify(value)).join(" | ") : schema.format || schema.type;
  return make("code", {}, words || "any");
}

function table(headings, rows) {
  if (!rows.length) return null;
  const head = make("tr", {}, ...headings.map((text) => make("th", { scope: "col" }, text)));
  const body = rows.map((row) => make("tr", {}, ...row.map((cell) => make("td", {}, cell))));
  return make("table", {}, make("thead", {}, head), make("tbody", {}, ...body));
}

function parameters(list) {
  return table(
    ["Parameter", "In", "Type", "Meaning"],
    list.map((each) => [make("code", {}, each.name), each.in, typeOf(each.schema), each.description || ""]),
  );
}

function content(body) {
  return Object.entries(body.content || {}).flatMap(([mediaType, about]) => {
    const line = make("p", {}, make("code", {}, mediaType), " ");
    if (about.schema && about.schema.$ref) line.append(typeOf(about.schema));
    const examples = Object.values(about.examples || {}).map((example) =>
      make("pre", {}, JSON.stringify(example.value, null, 2)),
    );
    return [line, ...examples];
  });
}

function answers(responses) {
  return table(
    ["Status", "Answer", "Shape"],
    Object.entries(responses).map(([status, answer]) => {
      const shape = Object.values(answer.content || {}).find((about) => about.schema && about.schema.$ref);
      return [make("code", {}, status), answer.description.replaceAll("`", ""), shape ? typeOf(shape.schema) : ""];
    }),
  );
}

function operation(path, method, about) {
  const summary = make(
    "summary",
    {},
    make("span", { class: "method" }, method.toUpperCase()),
    make("code", {}, path),
    ` ${about.summary}`,
  );
  const body = about.requestBody ? [make("h3", {}, "Body"), ...content(about.requestBody)] : [];
  const inside = make("div", { class: "inside" }, parameters(about.parameters), ...body, make("h3", {}, "Answers"));
  inside.append(answers(about.responses));
  return make("details", { class: "operation", id: about.operationId }, summary, inside);
}

function schema(name, about) {
  const summary = make("summary", {}, make("code", {}, name), ` ${about.description || ""}`);
  const inside = make("div", { class: "inside" }, make("pre", {}, JSON.stringify(about, null, 2)));
  return make("details", { class: "operation", id: `schema-${name}` }, summary, inside);
}

function open() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target instanceof HTMLDetailsElement) {
    target.open = true;
    target.scrollIntoView();
  }
}

function show(spec) {
  const place = document.getElementById("operations");
  const links = make("ul");
  place.replaceChildren();
  for (const [path, methods] of Object.entries(spec.paths)) {
    for (const method of METHODS.filter((each) => methods[each])) {
      const about = methods[method];
      const link = make("a", { href: `#${about.operationId}` }, `${method.toUpperCase()} ${path}`);
      links.append(make("li", {}, link));
      place.append(operation(path, method, about));
    }
  }
  place.append(make("h2", {}, "Schemas"));
  for (const [name, about] of Object.entries(spec.components.schemas)) place.append(schema(name, about));
  document.getElementById("contents").replaceChildren(links);
  open();
}

addEventListener("hashchange", open);
try {
  const answer = await fetch("/openapi.json");
  if (!answer.ok) throw new Error(`the gateway answers with ${answer.status}`);
  show(await answer.json());
} catch (error) {
  document.getElementById("operations").textContent = `The document cannot be shown: ${error.message}`;
}
