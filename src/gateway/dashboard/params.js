// A kind's params as a form, made from their JSON Schema and begun with its example; what has parts is a field of JSON.

import { html } from "./element.js";
import { shown } from "./format.js";

/** The schema itself: a `$ref` into `$defs` followed, "or null" taken away. */
function plain(schema, root) {
  if (schema.$ref) return plain({ ...root.$defs?.[schema.$ref.split("/").at(-1)], ...schema, $ref: undefined }, root);
  const others = schema.anyOf?.filter(({ type }) => type !== "null");
  return others?.length === 1 ? plain({ ...schema, anyOf: undefined, ...others[0] }, root) : schema;
}

const SIMPLE = new Set(["string", "integer", "number", "boolean"]);

/** What a field is made for: "choice", one of SIMPLE, "array" of those, or "json" for what has parts. */
function shape(schema, root) {
  if (schema.enum) return "choice";
  if (SIMPLE.has(schema.type)) return schema.type;
  const isArray = schema.type === "array" && schema.items && SIMPLE.has(plain(schema.items, root).type);
  return isArray ? "array" : "json";
}

const written = (value) =>
  value === undefined || value === null ? "" : Array.isArray(value) ? value.join(", ") : String(value);

const option = (choice) => html("option", { value: choice }, shown(choice, 60));

function area(form, schema, example) {
  const isJson = form === "json";
  const usual = isJson && schema.default ? shown(JSON.stringify(schema.default), 60) : isJson ? "JSON" : null;
  const text = html("textarea", { rows: isJson ? "2" : "6", spellcheck: "false", placeholder: usual });
  if (example !== undefined) text.value = isJson ? JSON.stringify(example, null, 2) : written(example);
  return text;
}

function parsed(text, what) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${what} no JSON: ${error.message}`);
  }
}

function control(form, schema, example) {
  if (form === "choice" || form === "boolean") {
    const choices = form === "boolean" ? ["true", "false"] : schema.enum.map(String);
    const usual = written(schema.default);
    const select = html("select", {}, html("option", { value: "" }, usual ? `${shown(usual, 40)} (default)` : "–"));
    select.append(...choices.filter((choice) => choice !== usual).map((choice) => option(choice)));
    if (example !== undefined) select.value = String(example);
    return select;
  }
  if (form === "json" || (form === "string" && schema.maxLength > 1000)) return area(form, schema, example);
  const isNumber = form === "integer" || form === "number";
  const field = html("input", {
    type: isNumber ? "number" : "text",
    step: form === "integer" ? "1" : "any",
    min: schema.minimum,
    max: schema.maximum,
    placeholder: shown(written(schema.default), 60),
    autocomplete: "off",
    spellcheck: "false",
  });
  if (example !== undefined) field.value = written(example);
  return field;
}

/** The JSON value of what was typed: numbers as numbers, "0.1, 0.9" as an array. */
function read(text, form, schema, root, name) {
  if (form === "integer" || form === "number") return Number(text);
  if (form === "boolean") return text === "true";
  if (form === "json") return parsed(text, `${shown(name, 60)} is`);
  if (form === "choice") return schema.enum.find((choice) => String(choice) === text);
  if (form !== "array") return text;
  const { type } = plain(schema.items, root);
  return text
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean)
    .map((part) => read(part, type, {}, root));
}

function field(name, raw, root, { example, isRequired }) {
  const schema = plain(raw, root);
  const form = shape(schema, root);
  const isUsual = JSON.stringify(example) === JSON.stringify(schema.default);
  const input = control(form, schema, isUsual && !isRequired ? undefined : example);
  input.required = isRequired;
  const hint = schema.description ? html("small", {}, shown(schema.description, 200)) : null;
  const title = html("span", {}, shown(name, 60), isRequired && " *");
  const node = html("label", { class: input.rows ? "field wide" : "field" }, title, input, hint);
  return { name, value: () => (input.value === "" ? undefined : read(input.value, form, schema, root, name)), node };
}

export class ParamsForm {
  constructor({ params_schema: schema, example }) {
    this.schema = schema ?? {};
    const required = new Set(this.schema.required ?? []);
    const entries = Object.entries(this.schema.properties ?? {});
    this.fields = entries.map(([name, part]) =>
      field(name, part, this.schema, { example: example?.[name], isRequired: required.has(name) }),
    );
    this.text = html("textarea", { rows: "6", spellcheck: "false", "aria-label": "Params as JSON" });
    this.text.value = JSON.stringify(example ?? {}, null, 2);
    this.asJson = html("input", { type: "checkbox", change: () => this.#turn() });
    this.simple = html(
      "div",
      { class: "fields" },
      this.fields.map(({ node }) => node),
    );
    this.node = html(
      "details",
      { class: "params", open: !this.isOptional },
      html("summary", {}, "Params"),
      this.simple,
      this.text,
      html("label", { class: "as-json" }, this.asJson, " as JSON"),
    );
    this.#turn();
  }

  /** Nothing has to be said for a task of this kind. */
  get isOptional() {
    return (this.schema.required ?? []).length === 0;
  }

  /** The params as they stand. */
  value() {
    if (this.asJson.checked) return this.#json();
    const pairs = this.fields.map(({ name, value }) => [name, value()]);
    return Object.fromEntries(pairs.filter(([, one]) => one !== undefined));
  }

  #json() {
    return this.text.value.trim() === "" ? {} : parsed(this.text.value, "The params are");
  }

  #turn() {
    this.simple.hidden = this.asJson.checked;
    this.text.hidden = !this.asJson.checked;
  }
}
