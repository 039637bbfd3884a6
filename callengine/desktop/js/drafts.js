/** What agents typed and did not save yet, by call; it outlives a reload of the tab. */

const PREFIX = "callengine.draft.";

const EMPTY_DELIVERY = { method: "courier", address: "", date: "", time_from: "", time_to: "" };

const emptyDraft = () => ({
  disposition: null,
  note: "",
  order: undefined,
  customer: null,
  wantsDelivery: false,
  delivery: { ...EMPTY_DELIVERY },
  savedAtMs: null,
});

export class Drafts {
  /** `onChange(call)` is called after every change. */
  constructor(onChange) {
    this.onChange = onChange;
    this.drafts = new Map();
  }

  of(call) {
    if (!this.drafts.has(call)) this.drafts.set(call, { ...emptyDraft(), ...kept(call) });
    return this.drafts.get(call);
  }

  /** Change some fields; the rest stays. */
  change(call, fields) {
    const draft = { ...this.of(call), ...fields };
    this.drafts.set(call, draft);
    keep(call, draft);
    this.onChange(call);
  }

  forget(call) {
    this.drafts.delete(call);
    try {
      sessionStorage.removeItem(PREFIX + call);
    } catch { /* It was not kept either. */ }
  }

  /** Forget every draft of a call that is not open. */
  keepOnly(calls) {
    for (const call of [...this.drafts.keys(), ...keptCalls()]) {
      if (!calls.includes(call)) this.forget(call);
    }
  }
}

function kept(call) {
  try {
    return JSON.parse(sessionStorage.getItem(PREFIX + call)) ?? {};
  } catch {
    return {};
  }
}

function keep(call, draft) {
  try {
    sessionStorage.setItem(PREFIX + call, JSON.stringify(draft));
  } catch { /* A full or forbidden storage costs the reload, not the typing. */ }
}

function keptCalls() {
  try {
    const keys = Object.keys(sessionStorage).filter((key) => key.startsWith(PREFIX));
    return keys.map((key) => key.slice(PREFIX.length));
  } catch {
    return [];
  }
}
