/** Elements without a framework. Text is always text: nothing here parses HTML. */

/**
 * Make an element. `props`: `class`, `text`, `on` (event to listener), `data`;
 * the rest are attributes (false and null leave one out, true gives it no value).
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === false || value === null || value === undefined) continue;
    if (name === "class") element.className = value;
    else if (name === "text") element.textContent = value;
    else if (name === "on") listen(element, value);
    else if (name === "data") Object.assign(element.dataset, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...flat(children));
  return element;
}

function listen(element, listeners) {
  for (const [event, listener] of Object.entries(listeners)) {
    element.addEventListener(event, listener);
  }
}

function flat(children) {
  const is = (child) => child !== null && child !== undefined && child !== false;
  return children.flat(Infinity).filter(is);
}

/** Put new children in place of the old ones. */
export function fill(element, ...children) {
  element.replaceChildren(...flat(children));
  return element;
}

/** A key cap in a button or a hint. */
export const kbd = (label) => h("kbd", { "aria-hidden": "true", text: label });

/** Say something to screen readers: `now` interrupts, otherwise it waits its turn. */
export function announce(text, { now = false } = {}) {
  const region = document.getElementById(now ? "live-now" : "live-polite");
  region.textContent = "";
  // A region is read only when its text changes after a turn of the loop.
  setTimeout(() => { region.textContent = text; }, 30);
}
