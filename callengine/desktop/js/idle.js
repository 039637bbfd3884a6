/** What the page shows between calls. */

import { fill, h, kbd } from "./dom.js";
import { t } from "./i18n/index.js";

const KEYS = [
  [["R"], "key.ready"],
  [["P"], "key.pause"],
  [["1", "…", "8"], "key.disposition"],
  [["D"], "key.delivery"],
  [["N"], "key.note"],
  [["Ctrl", "Enter"], "key.save"],
  [["Esc"], "key.leave"],
];

export function makeIdle(onReady) {
  const element = h("section", { class: "idle" });

  function update({ agent, lastClosed }) {
    const kind = { ready: "ready", offline: "offline" }[agent.state] ?? "paused";
    const closed = lastClosed && `idle.closed.${lastClosed.reason}`;
    const hasHint = kind !== "offline";
    fill(
      element,
      closed && t(closed) !== closed ? h("p", { class: "notice", role: "status", text: t(closed) }) : null,
      h("div", { class: `pulse is-${kind}`, "aria-hidden": "true" }),
      h("h1", { text: t(`idle.${kind}`) }),
      hasHint ? h("p", { class: "hint", text: t(`idle.${kind}.hint`) }) : null,
      kind === "ready" ? null
        : h("button", { class: "primary big", on: { click: onReady } }, t("ready"), kbd("R")),
      h("details", { class: "keys", open: true }, h("summary", { text: t("idle.keys") }), keyList()),
    );
  }

  return { element, update };
}

function keyList() {
  const rows = KEYS.map(([keys, text]) => [
    h("dt", {}, keys.map((key) => kbd(key))),
    h("dd", { text: t(text) }),
  ]);
  return h("dl", {}, rows);
}
