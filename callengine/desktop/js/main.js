/** The way in: the desk for who is logged in, the log-in page for who is not. */

import { whoAmI } from "./api.js";
import { Desk } from "./desk.js";
import { language } from "./i18n/index.js";
import { showLogin } from "./login.js";

const root = document.getElementById("app");
document.documentElement.lang = language();

function openDesk() {
  new Desk(root, { onOut: askToLogIn }).open();
}

function askToLogIn(reason = null) {
  showLogin(root, { reason, onIn: openDesk, onLanguage: () => askToLogIn(reason) });
}

try {
  await whoAmI();
  openDesk();
} catch (problem) {
  // Not being able to ask is no reason for a password: the desk keeps trying.
  if (problem.status === 401) askToLogIn();
  else openDesk();
}
