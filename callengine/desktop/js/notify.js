/** A new call is told in the tab's title and icon until the agent looks at it. */

import { t } from "./i18n/index.js";

const BLINK_MS = 900;
const ICONS = ["/desktop/icon.svg", "/desktop/icon-ring.svg"];

export class Notifier {
  constructor() {
    this.timer = null;
    this.text = "";
    const look = () => document.visibilityState === "visible" && document.hasFocus() && this.calm();
    window.addEventListener("focus", look);
    document.addEventListener("visibilitychange", look);
  }

  /** The title while nothing blinks. */
  setTitle(text) {
    this.text = text;
    if (!this.timer) document.title = text;
  }

  /** Blink until the tab is looked at, or the call is no longer ringing. */
  ring(who) {
    this.calm();
    const title = `☎ ${t("notify.call")} — ${who}`;
    document.title = title;
    icon(1);
    let isLit = true;
    this.timer = setInterval(() => {
      isLit = !isLit;
      document.title = isLit ? title : this.text;
      icon(isLit ? 1 : 0);
    }, BLINK_MS);
  }

  calm() {
    clearInterval(this.timer);
    this.timer = null;
    document.title = this.text;
    icon(0);
  }
}

function icon(at) {
  document.getElementById("icon").href = ICONS[at];
}
