/** The bar on top: who I am, my state, ready and pause. */

import { fill, h, kbd } from "./dom.js";
import { t, word } from "./i18n/index.js";
import { languageSwitch } from "./language.js";
import { since } from "./timers.js";

export const REASONS = ["break", "lunch", "training", "meeting", "paperwork"];
const SAYS_WHY = new Set(["paused", "ready"]);
const IN_CALL = new Set(["reserved", "talking", "wrap_up"]);

/** Make the bar; `actions` holds ready, pause(reason), leave, language. */
export function makeBar(actions) {
  const who = h("div", { class: "who" });
  const state = h("div", { class: "state", role: "status" });
  const ready = h("button", {
    class: "ready", "aria-keyshortcuts": "R", on: { click: () => actions.ready() },
  });
  const menu = pauseMenu(actions.pause);
  const leave = h("button", { class: "quiet", on: { click: () => actions.leave() } });
  const element = h(
    "header",
    { class: "bar" },
    who,
    state,
    h("div", { class: "bar-actions" }, ready, menu.element),
    h("div", { class: "bar-end" }, languageSwitch(actions.language), leave),
  );
  let shown = null;

  function update({ agent }, isOnline) {
    ready.disabled = !isOnline || agent.state === "ready";
    menu.button.disabled = !isOnline;
    leave.disabled = isOnline && IN_CALL.has(agent.state);
    leave.title = leave.disabled ? t("logout.busy") : "";
    if (agent === shown) return;
    shown = agent;
    fill(who, h("img", { src: "/desktop/icon.svg", alt: "", width: 26, height: 26 }),
      h("strong", { text: agent.name }));
    fill(state, ...stateParts(agent));
    state.className = `state is-${agent.state}`;
    fill(ready, t("ready"), kbd("R"));
    leave.textContent = t("logout");
  }

  return { element, update, openPause: menu.open };
}

function stateParts(agent) {
  const isLater = IN_CALL.has(agent.state) && agent.reason;
  const reason = agent.reason ? word("reason", agent.reason) : "";
  return [
    h("span", { class: "dot", "aria-hidden": "true" }),
    h("span", { class: "state-name", text: word("state", agent.state) }),
    SAYS_WHY.has(agent.state) && reason ? h("span", { class: "state-reason", text: reason }) : null,
    since(agent.since),
    isLater ? h("span", { class: "state-later", text: t("pause.after", { reason }) }) : null,
  ];
}

function pauseMenu(onPause) {
  const list = h("div", { class: "menu", role: "menu", hidden: true });
  const button = h(
    "button",
    {
      "aria-haspopup": "menu", "aria-expanded": "false", "aria-keyshortcuts": "P",
      on: { click: () => (list.hidden ? open() : close()) },
    },
    t("pause"),
    kbd("P"),
  );
  const items = REASONS.map((reason, index) =>
    h(
      "button",
      { role: "menuitem", tabindex: "-1", on: { click: () => choose(reason) } },
      word("reason", reason),
      kbd(index + 1),
    ));
  list.append(...items);
  const element = h(
    "div", { class: "pause", on: { keydown: onKey, focusout: onFocusOut } }, button, list,
  );

  function open() {
    if (button.disabled) return;
    list.hidden = false;
    button.setAttribute("aria-expanded", "true");
    items[0].focus();
  }

  function close({ focus = true } = {}) {
    list.hidden = true;
    button.setAttribute("aria-expanded", "false");
    if (focus) button.focus();
  }

  function choose(reason) {
    close();
    button.blur();
    onPause(reason);
  }

  function onKey(event) {
    if (list.hidden) return;
    const at = items.indexOf(document.activeElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const number = /^(?:Digit|Numpad)([1-9])$/.exec(event.code)?.[1];
    if (event.key === "Escape") close();
    else if (step) items[(at + step + items.length) % items.length].focus();
    else if (number && items[number - 1]) choose(REASONS[number - 1]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  function onFocusOut(event) {
    if (!list.hidden && !element.contains(event.relatedTarget)) close({ focus: false });
  }

  return { element, button, open };
}
