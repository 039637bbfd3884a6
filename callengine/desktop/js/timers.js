/**
 * Running times: every element with `data-since` counts up, with `data-until` down.
 * One ticker serves them all, so that they change at the same moment.
 */

import { clock } from "./format.js";
import { t } from "./i18n/index.js";
import { h } from "./dom.js";

const TICK_MS = 250;

/** An element that counts up from a Unix time. */
export const since = (at, props = {}) =>
  h("span", { ...props, class: `timer ${props.class ?? ""}`, role: "timer", "aria-live": "off", data: { since: at } });

/** An element that counts down to a Unix time, as `0:23 left`. */
export const until = (at, props = {}) =>
  h("span", { ...props, class: `timer ${props.class ?? ""}`, role: "timer", "aria-live": "off", data: { until: at } });

/** Write every timer once; `nowS` is the server's time. */
export function tick(nowS, root = document) {
  for (const element of root.querySelectorAll("[data-since]")) {
    write(element, clock(nowS - Number(element.dataset.since)));
  }
  for (const element of root.querySelectorAll("[data-until]")) {
    const left = Math.ceil(Number(element.dataset.until) - nowS);
    write(element, t("card.left", { time: clock(left) }));
    element.classList.toggle("soon", left <= 10);
  }
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Keep all timers running; `now()` is the server's time. */
export function runTimers(now) {
  return setInterval(() => tick(now()), TICK_MS);
}
