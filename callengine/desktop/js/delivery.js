/** The delivery agreement: method, address, day and hours. */

import { fill, h, kbd } from "./dom.js";
import { day, isoDay } from "./format.js";
import { language, t } from "./i18n/index.js";

const METHODS = ["courier", "pickup", "post"];
const WINDOWS = [["10:00", "14:00"], ["14:00", "18:00"], ["18:00", "22:00"]];
const DAYS_AHEAD = [0, 1, 2];
const HALF_HOURS = Array.from({ length: 48 }, (_, n) =>
  `${String(n >> 1).padStart(2, "0")}:${n % 2 ? "30" : "00"}`);
const FIELDS = ["delivery.address", "delivery.date", "delivery.time_to"];

/** `change(fields, answered)` changes the draft and answers errors by name. */
export function makeDelivery(draft, change) {
  let current = draft;
  const parts = build(() => current.delivery, setDelivery, change);
  write(parts, draft.delivery);

  function setDelivery(fields) {
    change({ delivery: { ...current.delivery, ...fields } }, answeredBy(fields));
  }

  /** Take over what the order knows, where the agent typed nothing yet. */
  function prefill(order) {
    const known = order?.delivery;
    if (!known || current.delivery.address) return;
    const isAhead = known.date >= isoDay();
    const fields = {
      method: METHODS.includes(known.method) ? known.method : "courier",
      address: known.address,
      date: isAhead ? known.date : "",
      time_from: isAhead ? known.time_from : "",
      time_to: isAhead ? known.time_to : "",
    };
    setDelivery(fields);
    write(parts, { ...current.delivery, ...fields });
  }

  function show(changed, isTaken, errors) {
    const isOther = changed.delivery !== current.delivery;
    current = changed;
    parts.element.hidden = !isTaken;
    parts.agree.checked = changed.wantsDelivery;
    parts.body.hidden = !changed.wantsDelivery;
    if (isOther) write(parts, changed.delivery);
    mark(parts, changed.delivery);
    for (const name of FIELDS) showError(parts, name, errors[name]);
  }

  return { element: parts.element, prefill, show, focus: () => parts.address.focus() };
}

/** The names of the errors that a change of these fields answers. */
function answeredBy(fields) {
  const names = Object.keys(fields).map((name) => `delivery.${name}`);
  if (names.includes("delivery.time_from")) names.push("delivery.time_to");
  return names;
}

function build(read, set, change) {
  const agree = h("input", {
    type: "checkbox", id: "delivery-agree",
    on: { change: (e) => change({ wantsDelivery: e.target.checked }) },
  });
  const methods = METHODS.map((method) => chip(t(`method.${method}`), () => set({ method })));
  const address = h("textarea", {
    id: "delivery-address", rows: 2, maxlength: 500, autocomplete: "off",
    "aria-describedby": "error-delivery.address",
    on: { input: (e) => set({ address: e.target.value }) },
  });
  const date = h("input", {
    type: "date", id: "delivery-date", min: isoDay(), max: isoDay(365),
    "aria-describedby": "error-delivery.date", on: { input: (e) => set({ date: e.target.value }) },
  });
  const days = DAYS_AHEAD.map((ahead) => chip(dayName(ahead), () => set({ date: isoDay(ahead) })));
  const from = time("delivery-from", "delivery.from", (value) => set({ time_from: value }));
  const to = time("delivery-to", "delivery.to", (value) => set({ time_to: value }));
  const windows = WINDOWS.map(([begins, ends]) =>
    chip(`${begins.slice(0, 2)}–${ends.slice(0, 2)}`, () => toggleWindow(read(), begins, ends, set)));
  const addressLabel = h("label", { for: "delivery-address" });
  const body = h(
    "div",
    { class: "delivery-body" },
    h("div", { class: "field is-inline" }, h("span", { class: "label", text: t("delivery.method") }), chips(t("delivery.method"), methods)),
    row(addressLabel, address, slot("delivery.address")),
    row(h("label", { for: "delivery-date", text: t("delivery.date") }),
      h("div", { class: "with-chips" }, date, chips(t("delivery.date"), days)), slot("delivery.date")),
    row(h("span", { class: "label", text: t("delivery.window") }),
      h("div", { class: "with-chips" }, from, h("span", { "aria-hidden": "true", text: "–" }), to,
        chips(t("delivery.window"), windows)), slot("delivery.time_to")),
  );
  const element = h(
    "fieldset",
    { class: "delivery" },
    h("legend", { class: "unseen", text: t("delivery") }),
    h("label", { class: "check", for: "delivery-agree" }, agree, t("delivery.agree"), kbd("D")),
    body,
  );
  return { element, body, agree, methods, address, addressLabel, date, days, from, to, windows };
}

/** A choice of half hours: the browser's own time field would follow its locale. */
function time(id, label, set) {
  const none = h("option", { value: "", text: t(label) });
  const choices = HALF_HOURS.map((text) => h("option", { value: text, text }));
  return h("select", {
    id, "aria-label": `${t("delivery.window")}: ${t(label)}`,
    "aria-describedby": "error-delivery.time_to", on: { change: (e) => set(e.target.value) },
  }, none, choices);
}

/** Choosing the window that is chosen already takes it back. */
function toggleWindow(now, begins, ends, set) {
  const isChosen = now.time_from === begins && now.time_to === ends;
  set(isChosen ? { time_from: "", time_to: "" } : { time_from: begins, time_to: ends });
}

function dayName(ahead) {
  if (ahead === 0) return t("delivery.today");
  if (ahead === 1) return t("delivery.tomorrow");
  return day(isoDay(ahead), language()).split(/,\s*/)[0] + ` ${Number(isoDay(ahead).slice(8))}`;
}

const chip = (text, onClick) =>
  h("button", { type: "button", class: "chip", "aria-pressed": "false", text, on: { click: onClick } });
const chips = (label, buttons) => h("div", { class: "chips", role: "group", "aria-label": label }, buttons);
const row = (...children) => h("div", { class: "field" }, children);
const slot = (name) => h("p", { class: "error", id: `error-${name}`, role: "alert" });

/** Put values into the inputs that show others. */
function write(parts, values) {
  const inputs = [
    [parts.address, values.address], [parts.date, values.date],
    [parts.from, values.time_from], [parts.to, values.time_to],
  ];
  for (const [input, value] of inputs) {
    if (input.value === value) continue;
    if (input.options && !HALF_HOURS.includes(value) && value) {
      input.append(h("option", { value, text: value }));
    }
    input.value = value;
  }
}

/** Show which chips stand for the present values. */
function mark(parts, values) {
  press(parts.methods, METHODS.indexOf(values.method));
  press(parts.days, DAYS_AHEAD.findIndex((ahead) => isoDay(ahead) === values.date));
  const at = WINDOWS.findIndex(([a, b]) => a === values.time_from && b === values.time_to);
  press(parts.windows, at);
  const isPickup = values.method === "pickup";
  fill(parts.addressLabel, t(isPickup ? "delivery.address.pickup" : "delivery.address"));
}

function press(buttons, at) {
  buttons.forEach((button, index) => button.setAttribute("aria-pressed", String(index === at)));
}

function showError(parts, name, text) {
  const inputs = {
    "delivery.address": [parts.address],
    "delivery.date": [parts.date],
    "delivery.time_to": [parts.from, parts.to],
  };
  const shown = text ? t(text) : "";
  const slotOf = parts.element.querySelector(`[id="error-${name}"]`);
  if (slotOf.textContent !== shown) slotOf.textContent = shown;
  for (const input of inputs[name]) input.setAttribute("aria-invalid", String(Boolean(text)));
}
