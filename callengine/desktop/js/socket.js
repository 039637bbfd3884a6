/**
 * The line to the engine: a WebSocket that comes back by itself.
 *
 * Every opening begins with a snapshot. A gap in the versions means that something
 * was missed: the line is closed and opened again, which brings a new snapshot.
 */

import { ApiError } from "./api.js";

const FIRST_PAUSE_MS = 400;
const LONGEST_PAUSE_MS = 8000;
const OPEN_WITHIN_MS = 8000;
const REPLY_WITHIN_MS = 10_000;
const LOGGED_OUT = 4401;

/** How long to wait before try number `tries`; `chance` is 0 to 1. */
export function pauseMs(tries, chance) {
  const pause = Math.min(FIRST_PAUSE_MS * 2 ** tries, LONGEST_PAUSE_MS);
  return Math.round(pause * (0.75 + 0.5 * chance));
}

export class Link {
  /**
   * `onMessage(message)` gets every state message; `onStatus(status, retryAtMs)`
   * online, connecting or offline; `onLoggedOut()` is called when the session ended;
   * `isLoggedIn()` asks the server whether it still is.
   */
  constructor({ onMessage, onStatus, onLoggedOut, isLoggedIn }) {
    Object.assign(this, { onMessage, onStatus, onLoggedOut, isLoggedIn });
    this.socket = null;
    this.version = null;
    this.tries = 0;
    this.nextId = 1;
    this.waiting = new Map();
    this.timer = null;
    this.isOn = false;
    this.hurry = () => this.isOn && !this.socket && this.#open();
    this.onVisible = () => document.visibilityState === "visible" && this.hurry();
  }

  start() {
    this.isOn = true;
    window.addEventListener("online", this.hurry);
    document.addEventListener("visibilitychange", this.onVisible);
    this.#open();
  }

  stop() {
    this.isOn = false;
    clearTimeout(this.timer);
    window.removeEventListener("online", this.hurry);
    document.removeEventListener("visibilitychange", this.onVisible);
    const socket = this.socket;
    this.socket = null;
    socket?.close();
    this.#refuseWaiting();
  }

  get isOnline() {
    return this.version !== null;
  }

  /** Send a command; resolves when done, rejects with an `ApiError`. */
  ask(command) {
    if (!this.isOnline) return Promise.reject(new ApiError(0));
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      const late = () => this.#settle(id, (w) => w.reject(new ApiError(0)));
      const timer = setTimeout(late, REPLY_WITHIN_MS);
      this.waiting.set(id, { resolve, reject, timer });
      this.socket.send(JSON.stringify({ id, ...command }));
    });
  }

  #open() {
    clearTimeout(this.timer);
    this.onStatus("connecting");
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/api/v1/desktop`);
    this.socket = socket;
    const tooLate = setTimeout(() => this.version === null && socket.close(), OPEN_WITHIN_MS);
    socket.onmessage = (event) => socket === this.socket && this.#take(event.data);
    socket.onclose = (event) => {
      clearTimeout(tooLate);
      if (socket === this.socket) this.#closed(event.code);
    };
  }

  #take(text) {
    const message = JSON.parse(text);
    if (message.type === "reply") {
      const settle = (w) =>
        message.ok ? w.resolve(message) : w.reject(new ApiError(422, message.error));
      this.#settle(message.id, settle);
      return;
    }
    if (message.type === "snapshot") {
      this.version = message.version;
      this.tries = 0;
      this.onMessage(message);
      this.onStatus("online");
      return;
    }
    if (message.version !== this.version + 1) {
      this.#again();
      return;
    }
    this.version = message.version;
    this.onMessage(message);
  }

  /** Something was missed: ask for a snapshot by coming back. */
  #again() {
    const socket = this.socket;
    this.socket = null;
    this.version = null;
    socket.close();
    this.#refuseWaiting();
    this.#open();
  }

  async #closed(code) {
    const wasOpen = this.version !== null;
    this.socket = null;
    this.version = null;
    this.#refuseWaiting();
    if (!this.isOn) return;
    // A refused handshake tells a page nothing, so the session is asked for.
    if (code === LOGGED_OUT || (!wasOpen && !(await this.isLoggedIn()))) {
      this.stop();
      this.onLoggedOut();
      return;
    }
    if (!this.isOn || this.socket) return;
    const pause = pauseMs(this.tries++, Math.random());
    this.onStatus("offline", Date.now() + pause);
    this.timer = setTimeout(() => this.#open(), pause);
  }

  #settle(id, how) {
    const waiting = this.waiting.get(id);
    if (!waiting) return;
    this.waiting.delete(id);
    clearTimeout(waiting.timer);
    how(waiting);
  }

  #refuseWaiting() {
    for (const id of [...this.waiting.keys()]) {
      this.#settle(id, (w) => w.reject(new ApiError(0)));
    }
  }
}
