/** Phones, money, dates and timers as people read them. */

const GROUPS = [
  [/^\+7(\d{3})(\d{3})(\d{2})(\d{2})$/, "+7 $1 $2-$3-$4"],
  [/^\+380(\d{2})(\d{3})(\d{2})(\d{2})$/, "+380 $1 $2-$3-$4"],
  [/^\+375(\d{2})(\d{3})(\d{2})(\d{2})$/, "+375 $1 $2-$3-$4"],
  [/^\+1(\d{3})(\d{3})(\d{4})$/, "+1 $1 $2-$3"],
  [/^\+44(\d{4})(\d{6})$/, "+44 $1 $2"],
];

/** An E.164 number in groups; anything else as it is. */
export function phone(number) {
  if (!number) return "";
  for (const [pattern, groups] of GROUPS) {
    if (pattern.test(number)) return number.replace(pattern, groups);
  }
  const other = /^(\+\d{1,3})(\d{3})(\d{3})(\d+)$/.exec(number);
  return other ? other.slice(1).join(" ") : number;
}

/** Minor units and an ISO 4217 code as money; whole amounts without fractions. */
export function money(minor, currency, language) {
  try {
    const probe = new Intl.NumberFormat(language, { style: "currency", currency });
    const digits = probe.resolvedOptions().maximumFractionDigits;
    const amount = minor / 10 ** digits;
    const least = Number.isInteger(amount) ? 0 : digits;
    const options = { style: "currency", currency, currencyDisplay: "narrowSymbol" };
    const shape = { ...options, minimumFractionDigits: least, maximumFractionDigits: digits };
    return new Intl.NumberFormat(language, shape).format(amount);
  } catch {
    return `${minor / 100} ${currency}`;
  }
}

/** Seconds as m:ss or h:mm:ss. */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (n) => String(n).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  if (hours) return `${hours}:${two(minutes)}:${two(whole % 60)}`;
  return `${minutes}:${two(whole % 60)}`;
}

/** An ISO date (no time) as a day; anything else as it is. */
export function day(iso, language) {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(iso ?? "")) return iso ?? "";
  const at = new Date(`${iso}T12:00:00`);
  if (Number.isNaN(at.getTime())) return iso;
  const options = { weekday: "short", day: "numeric", month: "long" };
  return new Intl.DateTimeFormat(language, options).format(at);
}

/** An ISO instant as a short date and time in the agent's zone. */
export function moment(iso, language) {
  const at = new Date(iso ?? "");
  if (!iso || Number.isNaN(at.getTime())) return iso ?? "";
  const isThisYear = at.getFullYear() === new Date().getFullYear();
  const options = {
    day: "numeric",
    month: "short",
    year: isThisYear ? undefined : "numeric",
    hour: "2-digit",
    minute: "2-digit",
  };
  return new Intl.DateTimeFormat(language, options).format(at);
}

/** A date of this page's clock, `days` from today, as YYYY-MM-DD. */
export function isoDay(days = 0, from = new Date()) {
  const at = new Date(from.getFullYear(), from.getMonth(), from.getDate() + days);
  const two = (n) => String(n).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** A window of the day as `10:00–14:00`; empty when there is none. */
export function hours(from, to) {
  if (from && to) return `${from}–${to}`;
  return from || to || "";
}
