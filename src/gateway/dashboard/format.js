// Values as people read them. Everything here returns text; what came from a server is bounded and made visible first.

const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const digits = new Intl.NumberFormat("en", { maximumSignificantDigits: 5 });
const eight = new Intl.NumberFormat("en", { maximumSignificantDigits: 8 });
const power = new Intl.NumberFormat("en", { notation: "scientific", maximumSignificantDigits: 4 });
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });

/** A control or direction character as an escape, so that it can neither hide nor turn text around. */
const escaped = (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** At most `limit` characters of `text`, with what cannot be seen made visible. */
export function shown(text, limit = 80) {
  const characters = Array.from(String(text).slice(0, 2 * limit + 2));
  const cut = characters.length > limit ? [...characters.slice(0, limit), "…"] : characters;
  return cut.join("").replace(UNSEEN, escaped);
}

/** An integer in full, others in five digits or more; integers beyond 2^53 arrive as text and stay it. */
export function number(value) {
  if (typeof value !== "number") return shown(value, 40);
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e15) return whole.format(value);
  if (size >= 1e15 || (size !== 0 && size < 1e-4)) return power.format(value);
  return (size >= 1e4 ? whole : digits).format(value);
}

/** How many rows a sample has: a number, or one for each input. */
export const rowsOf = (sample) =>
  sample !== null && typeof sample === "object" ? Object.values(sample).map(number).join(" and ") : number(sample);

/** A number in eight digits: an extreme that was found must not be rounded past itself. */
export const fine = (value) =>
  Number.isInteger(value) || typeof value !== "number" ? number(value) : eight.format(value);

export const short = (value) => (typeof value === "number" ? compact.format(value) : shown(value, 12));

export function percent(fraction, places = 0) {
  if (fraction > 0 && fraction < 0.001) return "<0.1 %";
  if (fraction < 1 && fraction > 0.999) return ">99.9 %";
  return `${(fraction * 100).toFixed(places)} %`;
}

export function bytes(count) {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  let [size, unit] = [count, 0];
  while (size >= 1024 && unit < units.length - 1) [size, unit] = [size / 1024, unit + 1];
  return `${unit === 0 || size >= 100 ? whole.format(size) : size.toPrecision(3)} ${units[unit]}`;
}

export function duration(seconds) {
  if (seconds < 1) return `${Math.max(0, Math.round(seconds * 1000))} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(Math.floor(seconds % 60)).padStart(2, "0")} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${String(minutes % 60).padStart(2, "0")} min` : `${Math.floor(hours / 24)} days`;
}

/** Seconds from one ISO time to another; `to` may be missing and is then now. The clocks may differ: never below 0. */
export function seconds(from, to) {
  return Math.max(0, ((to ? Date.parse(to) : Date.now()) - Date.parse(from)) / 1000);
}

export function ago(time) {
  const past = seconds(time);
  return past < 5 ? "just now" : `${past < 60 ? Math.round(past) + " s" : duration(past).replace(/ \d\d .*$/, "")} ago`;
}

/** An ISO time as a person writes it, in its own zone and without what is smaller than a second. */
export function moment(text) {
  const plain = String(text).replace("T", " ").replace(/\.\d+/, "").replace("+00:00", "Z");
  return shown(plain.replace(/( \d\d:\d\d):00/, "$1"), 40);
}

export const clock = (time) => new Date(time).toLocaleString();

/** One value of a table's column: text is bounded, null is told from the word "null" by the caller. */
export function value(any) {
  if (any === null) return "null";
  if (any === "") return "(empty)";
  return typeof any === "number" ? number(any) : shown(typeof any === "object" ? JSON.stringify(any) : any, 60);
}
