// The diary's days in words, for pages that open without internet; the server says the same.
const DAY = 864e5;
const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const dateOf = (day) => new Date(`${day}T00:00:00Z`);

// The diary's day of a moment in a zone: before 04:00 on the wall clock it is still the day before.
export function diaryDay(ms, zone) {
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", hourCycle: "h23",
  }).formatToParts(ms);
  const of = (type) => parts.find((part) => part.type === type).value;
  const day = `${of("year")}-${of("month")}-${of("day")}`;
  return Number(of("hour")) >= 4 ? day : plus(day, -1);
}

export const plus = (day, days) => new Date(dateOf(day).getTime() + days * DAY).toISOString().slice(0, 10);
export const daysBetween = (from, to) => Math.round((dateOf(to) - dateOf(from)) / DAY);
export const weekday = (day) => WEEKDAYS[dateOf(day).getUTCDay()];
export const longDate = (day) => `${weekday(day)} ${dateOf(day).getUTCDate()} ${MONTHS[dateOf(day).getUTCMonth()]}`;
export const nameOf = (day, today) => ({ 0: "Today", 1: "Yesterday" })[daysBetween(day, today)] ?? weekday(day);
export const plural = (n, noun) => `${n} ${noun}${n === 1 ? "" : "s"}`;

export function timeOf(ms) {
  return new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" }).format(ms);
}

// A value as its field would be typed.
export function asText(value) {
  if (value === null || value === undefined || value === false) return "";
  if (value === true) return "yes";
  if (typeof value === "string") return value;
  if (typeof value === "object") return value.text ?? "";
  return String(Math.round(value * 100) / 100);
}
