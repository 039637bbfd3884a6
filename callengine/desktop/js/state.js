/** What the page knows: a plain value, and what each message makes of it. */

export const EMPTY = Object.freeze({
  agent: null,
  cards: [],
  selected: null,
  lastClosed: null,
  clockOffsetS: 0,
});

/** The state after a message; the same value when nothing changed. */
export function reduce(state, message, nowS) {
  switch (message.type) {
    case "snapshot":
      return afterSnapshot(state, message, nowS);
    case "agent":
      return { ...state, agent: message.agent };
    case "card":
      return afterCard(state, message.card);
    case "card_closed":
      return afterClosed(state, message);
    default:
      // A newer engine may say more than this page understands.
      return state;
  }
}

export const select = (state, call) => ({ ...state, selected: call });

/** The card in front, null when none is open. */
export function front(state) {
  return state.cards.find((card) => card.call === state.selected) ?? null;
}

/** The server's time now, in Unix seconds, by this page's clock. */
export const serverNowS = (state, nowMs) => nowMs / 1000 + state.clockOffsetS;

function afterSnapshot(state, { agent, cards, now }, nowS) {
  const calls = cards.map((card) => card.call);
  const selected = calls.includes(state.selected) ? state.selected : calls.at(-1);
  return {
    ...state,
    agent,
    cards,
    selected: selected ?? null,
    clockOffsetS: typeof now === "number" ? now - nowS : 0,
  };
}

function afterCard(state, card) {
  const at = state.cards.findIndex((known) => known.call === card.call);
  if (at >= 0) return { ...state, cards: state.cards.with(at, merged(state.cards[at], card)) };
  const cards = [...state.cards, card];
  // A new call comes to the front: its phone is ringing.
  return { ...state, cards, selected: card.call, lastClosed: null };
}

/** A card that only learned something keeps running the time of its state. */
function merged(before, card) {
  const isSameState = before.state === card.state;
  return isSameState ? { ...card, since: Math.min(before.since, card.since) } : card;
}

function afterClosed(state, { call, reason }) {
  const closed = state.cards.find((card) => card.call === call);
  if (!closed) return state;
  const cards = state.cards.filter((card) => card.call !== call);
  const selected = state.selected === call ? cards.at(-1)?.call ?? null : state.selected;
  return { ...state, cards, selected, lastClosed: { reason, shop: closed.shop_name } };
}
