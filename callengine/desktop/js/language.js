/** The switch of the interface's language. */

import { h } from "./dom.js";
import { LANGUAGES, language, setLanguage, t } from "./i18n/index.js";

export function languageSwitch(onChange) {
  const options = LANGUAGES.map((tag) =>
    h("option", { value: tag, text: tag.toUpperCase(), selected: tag === language() }));
  const change = (event) => {
    setLanguage(event.target.value);
    document.documentElement.lang = language();
    onChange();
  };
  const select = h("select", { "aria-label": t("language"), on: { change } }, options);
  return h("div", { class: "language" }, select);
}
