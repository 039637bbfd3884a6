/** What a form must hold before it is sent; the server checks all of it again. */

export const NEEDS_ORDER = ["confirmed", "changed", "cancelled"];
export const WITH_DELIVERY = ["confirmed", "changed"];
const LONGEST_AHEAD_DAYS = 365;

/** May the form hold a delivery agreement now? */
export const takesDelivery = (draft, order) =>
  Boolean(order) && WITH_DELIVERY.includes(draft.disposition);

/**
 * The errors of a draft: field to key of a text, empty when it can be sent.
 * `order` is the chosen order's id or null, `today` an ISO date.
 */
export function check(draft, order, today) {
  const errors = {};
  if (!draft.disposition) errors.disposition = "error.disposition";
  if (NEEDS_ORDER.includes(draft.disposition) && !order) errors.order = "error.order";
  if (draft.wantsDelivery && takesDelivery(draft, order)) {
    Object.assign(errors, checkDelivery(draft.delivery, today));
  }
  return errors;
}

function checkDelivery({ address, date, time_from: from, time_to: to }, today) {
  const errors = {};
  if (!address.trim()) errors["delivery.address"] = "error.delivery.address";
  if (!date) errors["delivery.date"] = "error.delivery.date";
  else if (date < today) errors["delivery.date"] = "error.delivery.date.past";
  else if (daysBetween(today, date) > LONGEST_AHEAD_DAYS) {
    errors["delivery.date"] = "error.delivery.date.far";
  }
  if (Boolean(from) !== Boolean(to)) errors["delivery.time_to"] = "error.delivery.time_pair";
  else if (from && from >= to) errors["delivery.time_to"] = "error.delivery.time_to";
  return errors;
}

const daysBetween = (a, b) => (Date.parse(b) - Date.parse(a)) / 86_400_000;

/** The command that saves a draft. */
export function toCommand(call, draft, order, finish) {
  const hasDelivery = draft.wantsDelivery && takesDelivery(draft, order);
  const { method, address, date, time_from, time_to } = draft.delivery;
  return {
    do: "disposition",
    call,
    disposition: draft.disposition,
    note: draft.note.trim(),
    order,
    delivery: hasDelivery ? { method, address: address.trim(), date, time_from, time_to } : null,
    finish,
  };
}
