/** Orders with their lines and delivery, and the last conversations. */

import { h } from "./dom.js";
import { day, hours, moment, money } from "./format.js";
import { language, t, word } from "./i18n/index.js";

/** `current` is the order this call is about, if any: it stands first and open. */
export function ordersPart(card, current) {
  const orders = [...card.orders].sort((a, b) => (b.order === current) - (a.order === current));
  const isWaiting = card.identification === "pending" || card.identification === "late";
  const nothing = isWaiting ? null : h("p", { class: "hint", text: t("orders.none") });
  return h(
    "section",
    { class: "orders" },
    h("h2", { text: t("orders") }),
    orders.length ? orders.map((order, at) => orderPart(order, order.order === current, at === 0)) : nothing,
  );
}

function orderPart(order, isCurrent, isOpen) {
  return h(
    "details",
    { class: `order ${isCurrent ? "is-current" : ""}`, open: isCurrent || isOpen },
    h(
      "summary",
      {},
      h("strong", { class: "order-number", text: order.number }),
      h("span", { class: `stage is-${order.stage}`, text: word("stage", order.stage) }),
      isCurrent ? h("span", { class: "tag is-this", text: t("order.this") }) : null,
      h("span", { class: "dim order-what", text: t("order.items", { count: itemCount(order) }) }),
      h("strong", { class: "order-total", text: money(order.total_minor, order.currency, language()) }),
    ),
    h("table", {}, h("tbody", {}, order.items.map((item) => itemRow(item, order.currency)))),
    deliveryLine(order.delivery),
    order.comment ? h("p", { class: "contact-note", text: order.comment }) : null,
    h("p", { class: "dim", text: t("order.placed", { at: moment(order.placed_at, language()) }) }),
  );
}

const itemCount = (order) => order.items.reduce((sum, item) => sum + item.quantity, 0);

function itemRow(item, currency) {
  return h(
    "tr",
    {},
    h("td", {}, item.name || item.sku, item.sku && item.name ? h("span", { class: "sku", text: item.sku }) : null),
    h("td", { class: "number dim", text: `${item.quantity} × ${money(item.price_minor, currency, language())}` }),
    h("td", { class: "number", text: money(item.quantity * item.price_minor, currency, language()) }),
  );
}

function deliveryLine(delivery) {
  if (!delivery) return null;
  const parts = [
    word("method", delivery.method),
    delivery.address,
    day(delivery.date, language()),
    hours(delivery.time_from, delivery.time_to),
  ];
  return h(
    "p",
    { class: "delivery-line" },
    h("span", { class: "delivery-label", text: t("delivery") }),
    h("span", { text: parts.filter(Boolean).join(" · ") }),
    delivery.status ? h("span", { class: "tag", text: word("delivery.status", delivery.status) }) : null,
  );
}

export function contactsPart(contacts) {
  const rows = [...contacts].sort((a, b) => (a.at < b.at ? 1 : -1)).map(contactRow);
  return h(
    "section",
    { class: "contacts" },
    h("h2", { text: t("contacts") }),
    rows.length ? h("ol", {}, rows) : h("p", { class: "hint", text: t("contacts.none") }),
  );
}

function contactRow(contact) {
  const arrow = contact.direction === "outbound" ? "↗" : "↙";
  return h(
    "li",
    {},
    h("span", { class: "arrow", text: arrow, title: t(`card.${contact.direction}`) }),
    h("time", { datetime: contact.at, text: moment(contact.at, language()) }),
    contact.disposition ? h("strong", { text: word("disposition", contact.disposition) }) : null,
    h("span", { class: "dim", text: contact.agent }),
    contact.note ? h("p", { class: "contact-note", text: contact.note }) : null,
  );
}
