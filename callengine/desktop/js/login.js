/** The log-in page. */

import { logIn } from "./api.js";
import { fill, h } from "./dom.js";
import { t } from "./i18n/index.js";
import { languageSwitch } from "./language.js";

/** Show it; `onIn(agent)` is called when in, `reason` is a key of a text to begin with. */
export function showLogin(root, { onIn, onLanguage, reason = null }) {
  const login = field("login", "username", { autofocus: true });
  const password = field("password", "current-password", { type: "password" });
  const error = h("p", { class: "error", role: "alert", id: "login-error" });
  const submit = h("button", { class: "primary wide", text: t("login.submit") });
  const form = h(
    "form",
    { class: "login", novalidate: true, on: { submit: onSubmit } },
    h("img", { src: "/desktop/icon.svg", alt: "", width: 44, height: 44 }),
    h("h1", { text: t("login.title") }),
    login.row,
    password.row,
    error,
    submit,
  );
  fill(root, h("main", { class: "login-page" }, form, languageSwitch(onLanguage)));
  if (reason) error.textContent = t(reason);
  login.input.focus();

  async function onSubmit(event) {
    event.preventDefault();
    const [name, secret] = [login.input.value.trim(), password.input.value];
    if (!name || !secret) {
      error.textContent = t("login.needed");
      (name ? password : login).input.focus();
      return;
    }
    submit.disabled = true;
    error.textContent = "";
    try {
      onIn(await logIn(name, secret));
    } catch (problem) {
      error.textContent = explain(problem);
      password.input.value = "";
      password.input.focus();
    } finally {
      submit.disabled = false;
    }
  }
}

function field(name, autocomplete, props = {}) {
  const id = `login-${name}`;
  const input = h("input", {
    id, name, autocomplete, maxlength: 256, required: true,
    autocapitalize: "none", spellcheck: "false", "aria-describedby": "login-error", ...props,
  });
  const label = h("label", { for: id, text: t(`login.${name}`) });
  return { input, row: h("div", { class: "field" }, label, input) };
}

function explain(problem) {
  if (problem.status === 429) return t("login.wait", { count: problem.waitS || 1 });
  if (problem.status === 401 || problem.status === 422) return t("login.wrong");
  return t("login.failed");
}
