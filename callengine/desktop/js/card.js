/** The card: why the call came, who it is, what they ordered, what was said before. */

import { fill, h } from "./dom.js";
import { phone } from "./format.js";
import { language, t } from "./i18n/index.js";
import { customerPart } from "./customer.js";
import { contactsPart, ordersPart } from "./orders.js";
import { lineToSay } from "./say.js";
import { since, until } from "./timers.js";

/** Make the card's panel; `drafts` keeps who was chosen among several customers. */
export function makeCard(drafts) {
  const element = h("article", { class: "card", tabindex: "-1", id: "card" });
  let shown = {};

  function update(card, agent) {
    const draft = drafts.of(card.call);
    const now = [card, agent.until, draft.customer, draft.order];
    if (shown.now?.every((value, at) => value === now[at])) return;
    shown = { now };
    element.setAttribute("aria-label", `${card.shop_name}, ${phone(card.number)}`);
    const choose = (customer) => drafts.change(card.call, { customer });
    fill(
      element,
      callStrip(card, agent),
      sayPart(card),
      customerPart(card, draft.customer, choose),
      ordersPart(card, draft.order ?? card.order),
      contactsPart(card.contacts),
    );
  }

  return { element, update };
}

function callStrip(card, agent) {
  const isWrapUp = card.state === "wrap_up" && agent.until;
  const rings = card.state === "offered" || card.state === "ringing";
  return h(
    "div",
    { class: `strip is-${card.state}` },
    h("span", { class: "strip-state", text: t(`card.${card.state}`) }),
    isWrapUp ? until(agent.until) : since(card.since),
    rings ? h("span", { class: "strip-hint", text: t("card.answer") }) : null,
    card.notice ? h("span", { class: "strip-hint", role: "status", text: t(`card.${card.notice}`) }) : null,
    h(
      "span",
      { class: "strip-why" },
      h("span", { text: t(`card.${card.direction}`) }),
      h("strong", { text: card.shop_name }),
      card.direction === "inbound" && card.dialled_number
        ? h("span", { class: "dim" }, `${t("card.called")} ${phone(card.dialled_number)}`)
        : null,
    ),
  );
}

function sayPart(card) {
  const line = lineToSay(card, language());
  return h(
    "div",
    { class: "say" },
    h("span", { class: "say-label", text: t("say") }),
    h("q", { lang: line.language, text: line.text }),
  );
}
