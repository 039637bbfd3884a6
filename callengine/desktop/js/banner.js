/** What stands between the agent and calls: no connection, no phone. */

import { announce, fill, h } from "./dom.js";
import { t } from "./i18n/index.js";

/** Make the banners; `retry()` tries the connection now. */
export function makeBanner(retry) {
  const link = h("div", { class: "banner is-bad", hidden: true });
  const phone = h("div", { class: "banner is-warning", role: "status", hidden: true });
  const element = h("div", { class: "banners" }, link, phone);
  let wasDown = false;
  let retryAtMs = 0;
  const countdown = h("span", {});

  function update({ agent }, status, nextTryAtMs) {
    retryAtMs = nextTryAtMs ?? 0;
    const isDown = status !== "online";
    if (isDown !== wasDown) {
      announce(t(isDown ? "link.offline" : "link.back"), { now: isDown });
      wasDown = isDown;
    }
    link.hidden = !isDown;
    if (isDown) {
      const again = h("button", { class: "link", text: t("link.retry"), on: { click: retry } });
      fill(link, h("strong", { text: t("link.offline") }), countdown,
        status === "offline" ? again : null);
      tick();
    }
    phone.hidden = isDown || agent?.reachable !== false;
    phone.textContent = t("phone.off");
  }

  function tick() {
    if (link.hidden) return;
    const seconds = Math.ceil((retryAtMs - Date.now()) / 1000);
    countdown.textContent = seconds > 0 ? t("link.again", { seconds }) : t("link.connecting");
  }

  return { element, update, tick };
}
