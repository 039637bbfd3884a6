/** Who is on the line: one found, several to choose from, or nobody known. */

import { h } from "./dom.js";
import { phone } from "./format.js";
import { t, word } from "./i18n/index.js";
import { regionName } from "./regions.js";

/** `chosen` is the id the agent chose among several; `choose(id)` tells a choice. */
export function customerPart(card, chosen, choose) {
  const { identification, customers } = card;
  if (identification === "several" || customers.length > 1) {
    return several(card, chosen, choose);
  }
  if (customers.length === 1) return one(card, customers[0]);
  return nobody(card);
}

function one(card, customer) {
  return h(
    "section",
    { class: "customer" },
    h("div", { class: "customer-head" }, h("h1", { text: customer.name || phone(card.number) }),
      tags(customer)),
    phones(card, customer),
  );
}

function several(card, chosen, choose) {
  const options = card.customers.map((customer) => {
    const isChosen = customer.customer === chosen;
    return h(
      "li",
      { class: isChosen ? "is-chosen" : "" },
      h("div", { class: "customer-head" }, h("h2", { text: customer.name }), tags(customer)),
      phones(card, customer),
      h("button", {
        "aria-pressed": isChosen, text: t(isChosen ? "id.chosen" : "id.choose"),
        on: { click: () => choose(isChosen ? null : customer.customer) },
      }),
    );
  });
  const count = card.customers.length;
  return h(
    "section",
    { class: "customer is-several" },
    h("h1", { text: phone(card.number) }),
    h("p", { class: "notice", text: t("id.several", { count }) }),
    h("ul", { class: "candidates" }, options),
  );
}

function nobody(card) {
  const kind = card.identification === "found" ? "unknown" : card.identification;
  if (kind === "pending" || kind === "late") {
    return h(
      "section",
      { class: "customer", "aria-busy": "true" },
      h("h1", { text: phone(card.number) || t("card.withheld") }),
      h("p", { class: "hint looking", text: t(`id.${kind}`) }),
    );
  }
  const isWithheld = kind === "withheld" || !card.number;
  const texts = isWithheld ? "id.withheld" : "id.unknown";
  return h(
    "section",
    { class: "customer" },
    h("div", { class: "customer-head" }, h("h1", { text: isWithheld ? t(texts) : phone(card.number) }),
      isWithheld ? null : h("span", { class: "tag is-new", text: t(texts) })),
    h("p", { class: "hint", text: t(`${texts}.hint`) }),
  );
}

function tags(customer) {
  const { segment, language, region } = customer;
  return h(
    "span",
    { class: "tags" },
    segment ? h("span", { class: `tag is-${segment.toLowerCase()}`, text: word("segment", segment) }) : null,
    language ? h("span", { class: "tag", text: word("lang", language) }) : null,
    region ? h("span", { class: "tag", text: regionName(region) }) : null,
  );
}

/** The number of this call first and in bold, the customer's others after it. */
function phones(card, customer) {
  const others = customer.phones.filter((number) => number !== card.number);
  return h(
    "p",
    { class: "phones" },
    card.number ? h("strong", { text: phone(card.number) }) : h("strong", { text: t("card.withheld") }),
    others.map((number) => h("span", { text: phone(number) })),
  );
}
