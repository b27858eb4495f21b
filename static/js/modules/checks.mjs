// What can be told wrong without the server, in the server's words; anything else the server judges.
const LONGEST_NOTE = 10000;
const quoted = (text) => (text.length > 24 ? `“${text.slice(0, 24)}…”` : `“${text}”`);

const CHECKS = {
  sleep_hours(text) {
    const isClock = /^\d{1,2}:[0-5]\d$/.test(text);
    if (!isClock && !/^\d{1,2}([.,]\d{1,2})?$/.test(text)) {
      return `Hours slept are a number like 7.5 or a time like 7:30, not ${quoted(text)}.`;
    }
    const [hours, minutes = 0] = isClock ? text.split(":").map(Number) : [Number(text.replace(",", "."))];
    if (hours + minutes / 60 <= 24) return null;
    const meant = /^\d+$/.test(text) ? ` Did you mean ${hours / 10}?` : "";
    return `A day has 24 hours, so this can’t be ${quoted(text)}.${meant}`;
  },
  times_awake: (text) =>
    /^\d{1,2}$/.test(text) ? null : `Times awake is a whole number from 0 to 99, not ${quoted(text)}.`,
  note(text) {
    const length = [...text].length;
    if (length <= LONGEST_NOTE) return null;
    const [has, fit] = [length, LONGEST_NOTE].map((n) => n.toLocaleString("en"));
    return `The note has ${has} characters; at most ${fit} fit. Nothing of it is lost.`;
  },
};

export function wrong(name, text) {
  const plain = name === "note" ? text : text.trim();
  return plain === "" ? null : (CHECKS[name]?.(plain) ?? null);
}
