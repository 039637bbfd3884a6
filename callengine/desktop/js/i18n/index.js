/** The interface's language: chosen by the browser, changed by the agent, kept here. */

import en from "./en.js";
import ru from "./ru.js";
import uk from "./uk.js";

const CATALOGUES = { ru, uk, en };
const KEPT_AS = "callengine.language";

export const LANGUAGES = Object.keys(CATALOGUES);

let current = choose(kept(), navigator.languages);

/** The agent's own choice, else the first language of the browser that we have. */
export function choose(wanted, preferred) {
  const tags = [wanted, ...preferred].filter(Boolean);
  const primary = tags.map((tag) => tag.toLowerCase().split("-")[0]);
  return primary.find((tag) => tag in CATALOGUES) ?? "en";
}

export const language = () => current;

export function setLanguage(tag) {
  current = choose(tag, []);
  try {
    localStorage.setItem(KEPT_AS, current);
  } catch { /* A browser that keeps nothing forgets the choice, no more. */ }
}

/**
 * The text for a key, with `{name}` filled in. A text may be an object by plural
 * category, chosen by `params.count`. An unknown key is shown as it is.
 */
export function t(key, params = {}) {
  const text = CATALOGUES[current][key] ?? CATALOGUES.en[key] ?? key;
  const chosen = typeof text === "object" ? plural(text, params.count) : text;
  return chosen.replace(/\{(\w+)\}/g, (all, name) => String(params[name] ?? all));
}

/** The text for a key of a family (`state.ready`), or the raw word if unknown. */
export function word(family, value) {
  const key = `${family}.${value}`;
  return key in CATALOGUES[current] || key in CATALOGUES.en ? t(key) : value;
}

/** Every key a language lacks or has too much, compared with English. */
export function differences() {
  const keys = new Set(Object.keys(en));
  const found = {};
  for (const [tag, catalogue] of Object.entries(CATALOGUES)) {
    const own = new Set(Object.keys(catalogue));
    found[tag] = [
      ...[...keys].filter((key) => !own.has(key)),
      ...[...own].filter((key) => !keys.has(key)),
    ];
  }
  return found;
}

function plural(texts, count) {
  return texts[new Intl.PluralRules(current).select(count)] ?? texts.other;
}

function kept() {
  try {
    return localStorage.getItem(KEPT_AS);
  } catch {
    return null;
  }
}
