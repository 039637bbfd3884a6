/** The agent's desk: the views over the state, and what keys and messages do to it. */

import { ApiError, logOut, whoAmI } from "./api.js";
import { makeBanner } from "./banner.js";
import { makeBar } from "./bar.js";
import { makeCard } from "./card.js";
import { announce, fill, h } from "./dom.js";
import { Drafts } from "./drafts.js";
import { DISPOSITIONS, ResultForm } from "./form.js";
import { phone } from "./format.js";
import { t, word } from "./i18n/index.js";
import { makeIdle } from "./idle.js";
import { listenForKeys } from "./keys.js";
import { Notifier } from "./notify.js";
import { Link } from "./socket.js";
import { EMPTY, front, reduce, select, serverNowS } from "./state.js";
import { runTimers, tick } from "./timers.js";

export class Desk {
  /** `onOut(reason)` is called when the agent left or must log in again. */
  constructor(root, { onOut }) {
    this.root = root;
    this.onOut = onOut;
    this.state = EMPTY;
    this.status = "connecting";
    this.retryAtMs = null;
    this.drafts = new Drafts((call) => call === this.state.selected && this.render());
    this.notifier = new Notifier();
    this.link = new Link({
      onMessage: (message) => this.#take(message),
      onStatus: (status, retryAtMs) => this.#statusIs(status, retryAtMs),
      onLoggedOut: () => this.#close("login.ended"),
      isLoggedIn,
    });
  }

  open() {
    this.#mount();
    const now = () => serverNowS(this.state, Date.now());
    this.timers = [runTimers(now), setInterval(() => this.banner.tick(), 250)];
    this.unlisten = listenForKeys({ keys: this.#keys(), save: () => this.form?.submit(true) });
    this.link.start();
  }

  /** Draw what changed; views compare for themselves. */
  render() {
    const { state } = this;
    const isOnline = this.status === "online";
    this.banner.update(state, this.status, this.retryAtMs);
    if (!state.agent) return;
    this.bar.update(state, isOnline);
    this.#renderTabs();
    const card = front(state);
    this.work.hidden = !card;
    this.idle.element.hidden = Boolean(card);
    if (card) this.#renderCard(card, isOnline);
    else {
      this.form = null;
      this.idle.update(state);
    }
    this.notifier.setTitle(`${word("state", state.agent.state)} · callengine`);
    tick(serverNowS(state, Date.now()), this.root);
  }

  #mount() {
    this.bar = makeBar({
      ready: () => this.#ask({ do: "ready" }),
      pause: (reason) => this.#ask({ do: "pause", reason }),
      leave: () => this.#leave(),
      language: () => this.#remount(),
    });
    this.banner = makeBanner(() => this.link.hurry());
    this.idle = makeIdle(() => this.#ask({ do: "ready" }));
    this.card = makeCard(this.drafts);
    this.form = null;
    this.formPlace = h("aside", { class: "form-place" });
    this.tabs = h("nav", { class: "tabs", "aria-label": t("calls") });
    this.work = h("div", { class: "work", hidden: true }, this.card.element, this.formPlace);
    this.idle.element.hidden = true;
    fill(
      this.root,
      h("a", { class: "skip", href: "#card", text: t("skip") }),
      this.bar.element,
      this.banner.element,
      h("main", {}, this.tabs, this.work, this.idle.element),
    );
  }

  #remount() {
    this.#mount();
    this.render();
  }

  #renderTabs() {
    const { cards, selected } = this.state;
    this.tabs.hidden = cards.length < 2;
    if (this.tabs.hidden) return;
    fill(this.tabs, cards.map((card) =>
      h(
        "button",
        {
          class: `tab is-${card.state}`, "aria-current": card.call === selected ? "true" : false,
          on: { click: () => { this.state = select(this.state, card.call); this.render(); } },
        },
        h("strong", { text: nameOf(card) }),
        h("span", { text: t(`card.${card.state}`) }),
      )));
  }

  #renderCard(card, isOnline) {
    this.card.update(card, this.state.agent);
    if (this.form?.call === card.call) {
      this.form.update(card, isOnline);
      return;
    }
    this.form = new ResultForm(card, {
      drafts: this.drafts,
      save: (command) => this.link.ask(command),
    });
    fill(this.formPlace, this.form.element);
    this.form.update(card, isOnline);
  }

  #take(message) {
    const before = this.state;
    this.state = reduce(before, message, Date.now() / 1000);
    const calls = this.state.cards.map((card) => card.call);
    const known = new Set(before.cards.map((card) => card.call));
    for (const card of this.state.cards) if (!known.has(card.call)) this.#arrived(card);
    if (calls.length < before.cards.length || message.type === "snapshot") {
      this.drafts.keepOnly(calls);
    }
    if (!this.state.cards.some((card) => ["offered", "ringing"].includes(card.state))) {
      this.notifier.calm();
    }
    this.render();
  }

  #arrived(card) {
    if (card.state === "wrap_up" || card.state === "talking") return;
    announce(`${t("card.offered")}: ${nameOf(card)}, ${card.shop_name}`, { now: true });
    this.notifier.ring(`${nameOf(card)}, ${card.shop_name}`);
    // An agent who is typing keeps the cursor; one who is not may read the card at once.
    const isTyping = document.activeElement?.matches("input, textarea, select");
    if (!isTyping) queueMicrotask(() => this.card.element.focus({ preventScroll: true }));
  }

  #statusIs(status, retryAtMs = null) {
    this.status = status;
    this.retryAtMs = retryAtMs;
    this.render();
  }

  async #ask(command) {
    try {
      await this.link.ask(command);
    } catch (problem) {
      const key = problem.status === 0 ? "error.offline" : `error.${problem.code}`;
      announce(t(key) === key ? problem.message : t(key), { now: true });
    }
  }

  async #leave() {
    this.link.stop();
    this.drafts.keepOnly([]);
    await logOut().catch(() => {});
    this.#close(null);
  }

  #close(reason) {
    for (const timer of this.timers) clearInterval(timer);
    this.unlisten();
    this.notifier.setTitle("callengine");
    this.notifier.calm();
    this.onOut(reason);
  }

  #keys() {
    const keys = {
      KeyR: () => this.status === "online" && this.#ask({ do: "ready" }),
      KeyP: () => this.bar.openPause(),
      KeyN: () => this.form?.focusNote(),
      KeyD: () => this.form?.focusDelivery(),
    };
    DISPOSITIONS.forEach((disposition, at) => {
      keys[`Digit${at + 1}`] = () => this.form?.chooseDisposition(disposition);
    });
    return keys;
  }
}

function nameOf(card) {
  if (card.customers.length === 1) return card.customers[0].name;
  return phone(card.number) || t("card.withheld");
}

/** Ask the server; when it cannot be asked, the session is given the benefit. */
async function isLoggedIn() {
  try {
    await whoAmI();
    return true;
  } catch (problem) {
    return !(problem instanceof ApiError && problem.status === 401);
  }
}
