// What the console says, in the reader's language. English is the key; each other language is a module with a catalogue.
// A new language: `xx.js` beside `de.js`, and its name here.
export const LANGUAGES = { en: "English", de: "Deutsch" };
const KEY = "buying-groups-language";
let catalogue = {};
export let language = "en";

/** Loads the catalogue of the language that was chosen, else of the browser's. */
export async function speak() {
  const wanted = [localStorage.getItem(KEY), ...navigator.languages.map((one) => one.slice(0, 2))];
  language = wanted.find((one) => one && Object.hasOwn(LANGUAGES, one)) ?? "en";
  catalogue = language === "en" ? {} : (await import(`./${language}.js`)).default;
  document.documentElement.lang = language;
}

export function choose(name) {
  localStorage.setItem(KEY, name);
  window.location.reload();
}

/** The words in the reader's language, with {names} filled in. */
export function t(words, values = {}) {
  return (catalogue[words] ?? words).replace(/\{(\w+)\}/g, (all, name) => (Object.hasOwn(values, name) ? String(values[name]) : all));
}

/** Enum values that need other words than their own. */
export const WORDS = {
  ACCOUNT: "The account alone",
  ANCESTORS: "The account and all above",
  DESCENDANTS: "The account and all below",
  HIERARCHY: "The whole hierarchy",
  AS_LISTED: "At the listed accounts",
  TOP: "At the top of the hierarchy",
  CREATE: "Creation of groups",
  MAINTAIN: "Maintenance",
  SCORE: "Scores",
  SUCCESS: "Won",
  FAILURE: "Lost",
  ASSIGN: "Assigned",
  REMOVE: "Removed",
  CHANGE_ROLE: "Role changed",
  SYSTEM: "Rules",
  MANUAL: "By hand",
};

/** An enum's value in words: STARTS_WITH is "Starts with". */
export function word(value) {
  if (!value) return "";
  if (Object.hasOwn(WORDS, value)) return t(WORDS[value]);
  const text = value.replaceAll("_", " ").toLowerCase();
  return t(text[0].toUpperCase() + text.slice(1));
}

const formats = new Map();
/** A format of this language. Each is made once, for that takes longer than a table has for a cell. */
function format(kind, options) {
  const name = JSON.stringify(options);
  if (!formats.has(name)) formats.set(name, new kind(language, options));
  return formats.get(name);
}

export const number = (value) => (value === null || value === undefined ? "–" : format(Intl.NumberFormat, { style: "decimal" }).format(value));
export const money = (value) =>
  value === null || value === undefined ? "–" : format(Intl.NumberFormat, { notation: "compact", maximumFractionDigits: 1 }).format(value);
export const day = (value) => (value ? format(Intl.DateTimeFormat, { dateStyle: "medium" }).format(new Date(value)) : "–");
export const moment = (value) => (value ? format(Intl.DateTimeFormat, { dateStyle: "medium", timeStyle: "short" }).format(new Date(value)) : "–");
/** How many of what: one of two wordings, with {n}. */
export const count = (n, one, many) => t(n === 1 ? one : many, { n: number(n) });
