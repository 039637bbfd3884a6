/**
 * The result of a call: disposition, note, order, delivery.
 *
 * Built once per call and then only adjusted, so that nothing the agent types in is
 * ever redrawn under their hands.
 */

import { announce, fill, h, kbd } from "./dom.js";
import { NEEDS_ORDER, check, takesDelivery, toCommand } from "./check.js";
import { makeDelivery } from "./delivery.js";
import { isoDay, money } from "./format.js";
import { language, t, word } from "./i18n/index.js";

export const DISPOSITIONS = [
  "confirmed", "changed", "cancelled", "callback",
  "informed", "complaint", "wrong_number", "machine",
];

/** The order a draft is about: chosen, else the call's own, else the only one. */
export function orderOf(card, draft) {
  const isThere = card.orders.some((order) => order.order === draft.order);
  if (draft.order === null || isThere) return draft.order;
  if (card.order) return card.order;
  const isSure = card.identification === "found" && card.orders.length === 1;
  return isSure ? card.orders[0].order : null;
}

/** `save(command)` sends it and resolves, or rejects with an `ApiError`. */
export class ResultForm {
  constructor(card, { drafts, save }) {
    this.call = card.call;
    this.card = card;
    this.drafts = drafts;
    this.save = save;
    this.errors = {};
    this.isSaving = false;
    this.isOnline = true;
    this.#build();
    this.update(card, true);
  }

  get draft() {
    return this.drafts.of(this.call);
  }

  get order() {
    return orderOf(this.card, this.draft);
  }

  update(card, isOnline) {
    if (card.orders !== this.card.orders || !this.hasOrders) {
      this.card = card;
      this.#fillOrders();
    }
    this.card = card;
    this.isOnline = isOnline;
    this.#show();
  }

  chooseDisposition(disposition) {
    const { draft } = this;
    const isDecided = disposition === "confirmed" || disposition === "changed";
    const wantsDelivery = draft.disposition ? draft.wantsDelivery : isDecided;
    this.#change({ disposition, wantsDelivery });
    this.delivery.prefill(this.#orderCard());
  }

  focusNote() {
    this.note.focus();
  }

  focusDelivery() {
    if (!takesDelivery(this.draft, this.order)) return;
    this.#change({ wantsDelivery: true });
    this.delivery.prefill(this.#orderCard());
    this.delivery.focus();
  }

  async submit(finish) {
    if (this.isSaving) return;
    this.errors = check(this.draft, this.order, isoDay());
    if (Object.keys(this.errors).length) {
      this.#show();
      this.#focusFirstError();
      return;
    }
    this.isSaving = true;
    this.#show();
    try {
      await this.save(toCommand(this.call, this.draft, this.order, finish));
      this.drafts.change(this.call, { savedAtMs: Date.now() });
      announce(this.#savedText());
    } catch (problem) {
      this.#take(problem);
    } finally {
      this.isSaving = false;
      this.#show();
    }
  }

  #change(fields, answered = []) {
    for (const name of [...Object.keys(fields), ...answered, "form"]) delete this.errors[name];
    this.drafts.change(this.call, { ...fields, savedAtMs: null });
    this.#show();
  }

  #chooseOrder(order) {
    this.#change({ order });
    this.delivery.prefill(this.#orderCard());
  }

  #orderCard() {
    return this.card.orders.find((order) => order.order === this.order) ?? null;
  }

  #build() {
    this.buttons = DISPOSITIONS.map((name, at) =>
      h(
        "button",
        {
          type: "button", role: "radio", class: `disposition is-${name}`, "aria-keyshortcuts": at + 1,
          on: { click: () => this.chooseDisposition(name) },
        },
        h("span", { text: word("disposition", name) }),
        kbd(at + 1),
      ));
    this.group = h(
      "div",
      { class: "dispositions", role: "radiogroup", "aria-label": t("disposition"), on: { keydown: (e) => this.#walk(e) } },
      this.buttons,
    );
    this.orderSelect = h("select", {
      id: "result-order", on: { change: (e) => this.#chooseOrder(e.target.value || null) },
    });
    this.note = h("textarea", {
      id: "result-note", rows: 2, maxlength: 2000, placeholder: t("note.hint"), "aria-keyshortcuts": "N",
      on: { input: (e) => this.#change({ note: e.target.value }) },
    });
    this.note.value = this.draft.note;
    this.delivery = makeDelivery(this.draft, (...args) => this.#change(...args));
    this.slots = {
      disposition: errorSlot("disposition"),
      order: errorSlot("order"),
      form: h("p", { class: "error form-error", role: "alert" }),
    };
    this.finish = h("button", { class: "primary", type: "submit", "aria-keyshortcuts": "Control+Enter" });
    this.stay = h("button", { type: "button", on: { click: () => this.submit(false) } });
    this.saved = h("p", { class: "saved", role: "status" });
    this.needed = h("p", { class: "needed", text: t("error.order") });
    this.orderRow = h("div", { class: "field" }, h("label", { for: "result-order", text: t("form.order") }), this.orderSelect, this.needed, this.slots.order);
    this.element = h(
      "form",
      { class: "result", novalidate: true, "aria-label": t("form"), on: { submit: (e) => this.#onSubmit(e) } },
      h("h2", { text: t("disposition") }),
      this.group,
      this.slots.disposition,
      this.orderRow,
      this.delivery.element,
      h("div", { class: "field" }, h("label", { for: "result-note" }, t("note"), kbd("N")), this.note),
      h("div", { class: "result-end" }, this.slots.form, this.saved, h("div", { class: "result-buttons" }, this.finish, this.stay)),
    );
  }

  #fillOrders() {
    this.hasOrders = true;
    const options = this.card.orders.map((order) => {
      const total = money(order.total_minor, order.currency, language());
      return h("option", { value: order.order, text: `${order.number} · ${total}` });
    });
    // An outbound call is about its order; only a caller may have none.
    const none = this.card.order ? null : h("option", { value: "", text: t("form.no_order") });
    fill(this.orderSelect, none, ...options);
    // Nothing to choose: no order, or only the one that this call is about.
    this.orderRow.hidden = options.length === 0 || (options.length === 1 && !none);
  }

  #show() {
    const { draft, order } = this;
    this.orderSelect.value = order ?? "";
    const inFocus = Math.max(0, DISPOSITIONS.indexOf(draft.disposition));
    this.buttons.forEach((button, at) => {
      button.setAttribute("aria-checked", String(DISPOSITIONS[at] === draft.disposition));
      button.tabIndex = at === inFocus ? 0 : -1;
    });
    const lacksOrder = NEEDS_ORDER.includes(draft.disposition) && !order;
    this.needed.hidden = !lacksOrder || "order" in this.errors;
    this.delivery.show(draft, takesDelivery(draft, order), this.errors);
    this.#showErrors();
    fill(this.finish, t(this.isSaving ? "saving" : "save.finish"), kbd("Ctrl ↵"));
    this.stay.textContent = t("save");
    this.finish.disabled = this.stay.disabled = this.isSaving || !this.isOnline;
    this.saved.textContent = draft.savedAtMs ? this.#savedText() : "";
  }

  #showErrors() {
    for (const name of ["disposition", "order"]) {
      const key = this.errors[name];
      this.slots[name].textContent = key ? t(key) : "";
    }
    this.group.setAttribute("aria-invalid", String("disposition" in this.errors));
    this.orderSelect.setAttribute("aria-invalid", String("order" in this.errors));
    const text = this.errors.form ?? "";
    if (this.slots.form.textContent !== text) this.slots.form.textContent = text;
  }

  #savedText() {
    if (this.card.state !== "wrap_up") return t("saved.waits");
    const at = new Date(this.draft.savedAtMs ?? Date.now());
    const options = { hour: "2-digit", minute: "2-digit" };
    return t("saved", { at: at.toLocaleTimeString(language(), options) });
  }

  /** Show the server's refusal beside the field it blames, else above the buttons. */
  #take({ code, field, message }) {
    const known = `error.${code}`;
    const text = t(known) === known ? t("refused", { message }) : t(known);
    const isOurs = field && (field in this.slots || field.startsWith("delivery."));
    if (isOurs) this.errors[field] = message;
    else this.errors.form = text;
    if (isOurs) this.#focusFirstError();
  }

  #focusFirstError() {
    this.#show();
    const bad = this.element.querySelector('[aria-invalid="true"]');
    const target = bad?.getAttribute("role") === "radiogroup" ? bad.querySelector('[tabindex="0"]') : bad;
    target?.focus();
  }

  #onSubmit(event) {
    event.preventDefault();
    this.submit(true);
  }

  /** Arrow keys walk among the dispositions, as in any group of radio buttons. */
  #walk(event) {
    const step = { ArrowRight: 1, ArrowDown: 2, ArrowLeft: -1, ArrowUp: -2 }[event.key];
    const at = this.buttons.indexOf(document.activeElement);
    if (!step || at < 0) return;
    event.preventDefault();
    const next = (at + step + DISPOSITIONS.length) % DISPOSITIONS.length;
    this.chooseDisposition(DISPOSITIONS[next]);
    this.buttons[next].focus();
  }
}

const errorSlot = (name) => h("p", { class: "error", id: `error-${name}`, role: "alert" });
