// More, "On this phone": what waits here, when it was sent last, and what to do when all else fails.
import { whoIsHere } from "./person.mjs";
import { make } from "./dayview.mjs";
import { diaryDay, longDate, nameOf, plural, timeOf } from "./words.mjs";

const NAMES = {
  pain: "Pain", fatigue: "Fatigue", sleep: "Poor rest", mood: "Low mood", cognition: "Foggy thinking",
  worst_pain: "Worst pain", interference: "How much it got in the way", sleep_hours: "Hours slept",
  times_awake: "Times awake", unwell: "Too unwell to log", note: "Note", written_by: "Who wrote it",
  regions: "Where it hurts", factor_movement: "Moved or exercised", factor_pacing: "Paced myself", factor_food: "Food",
  factor_alcohol: "Alcohol", factor_stress: "Stress", factor_cycle: "Period or cycle", factor_weather: "Weather",
};
const KINDS = {
  checkin: "Check-in", intention: "Intention", arrival: "Arrival sheet", commitment: "Commitment",
  word: "A word from a good day",
};
const PAGES = { checkin: "/check-in", intention: "/intention", arrival: "/arrival", word: "/word?write=1" };
const WHY = {
  "signed-out": "You are signed out. What waits stays here; sign in as the same person and it goes by itself.",
  "other-person": "Somebody else is signed in. What waits here is not theirs and stays.",
  "refused-here": "Neap refused to take it from this address. It is tried again at the next start.",
  update: "A newer Neap is needed to send this. Everything is kept; please open Neap again.",
};

export default async function phone(section) {
  const person = await whoIsHere();
  if (!person) return;
  const { store, outbox } = self.neap;
  const zone = (await store.meta("around"))?.zone;
  const part = (name) => section.querySelector(`[data-part="${name}"]`);
  section.hidden = false;

  const today = () => diaryDay(Date.now(), zone);
  const dayName = (day) => {
    const name = nameOf(day, today());
    return name === "Today" || name === "Yesterday" ? name : longDate(day);
  };

  function row(entry) {
    const item = make("li", "r");
    const { kind, day: on, fields } = entry.body;
    const names = Object.keys(fields).filter((name) => name !== "note_private").map((n) => (n.startsWith("own_") ? "One of your own" : (NAMES[n] ?? (n.startsWith("factor_") ? "What happened" : n))));
    const words = make("span", "", `${dayName(on)}: ${KINDS[kind] ?? names.join(", ")}`);
    const isHeld = entry.state === "held";
    const reasons = Object.values(entry.why?.fields ?? {}).join(" ") || entry.why?.error || "";
    const sub = isHeld ? `not taken: ${reasons}` : `written at ${timeOf(Date.parse(entry.body.recorded_at))}`;
    words.append(make("span", "sub", sub));
    item.append(make("span", isHeld ? "chip alert" : "chip note", isHeld ? "held" : "waiting"), words);
    const action = make("span", "mend");
    if (isHeld) {
      const { day } = entry.why ?? {};
      if (day) action.append(button(`Write it for ${dayName(day)}`, () => outbox.mend(entry, entry.body.fields, day)));
      else if (!(kind in KINDS)) action.append(link("Mend it", `/days/${on}`));
      else if (kind in PAGES && on === today() && entry.why?.status === 422) action.append(link("Mend it", PAGES[kind]));
      action.append(button("Delete", () => confirmed("Delete this answer? It is nowhere else.") && store.remove(entry.seq)));
    }
    item.append(action);
    return item;
  }

  function button(words, act) {
    const made = make("button", "btn s", words);
    made.type = "button";
    made.addEventListener("click", async () => {
      await act();
      await show();
    });
    return made;
  }
  function link(words, href) {
    const made = make("a", "btn s", words);
    made.href = href;
    return made;
  }
  const confirmed = (words) => window.confirm(words);

  async function show() {
    const waiting = await store.waiting(person);
    const [sent, looked] = [await store.meta("sent_at"), await store.meta("looked_at")];
    part("list").replaceChildren(...waiting.map(row));
    part("list").hidden = waiting.length === 0;
    const last = Math.max(sent ?? 0, looked ?? 0);
    const when = last ? `Last in touch with Neap ${sayWhen(last)}.` : "";
    const what = waiting.length ? `${plural(waiting.length, "answer")} not sent yet.` : "Everything is sent.";
    part("state").textContent = `${what} ${when}`;
    part("send").hidden = part("save").hidden = waiting.length === 0;
    await storage(waiting.length > 0);
  }

  const sayWhen = (ms) => {
    const name = nameOf(diaryDay(ms, zone), today());
    return `${name === "Today" ? "today" : name} at ${timeOf(ms)}`;
  };

  // A browser may clear what it was not asked to keep; that matters while answers wait.
  async function storage(isWaiting) {
    const isKept = (await navigator.storage?.persisted?.()) ?? false;
    const words = isKept ? "This phone keeps them until they are sent." : "This browser may clear its storage, after some days without a visit.";
    part("storage").textContent = words + (!isKept && isWaiting ? ` Please send before ${sendBefore()}.` : "");
    part("storage").classList.toggle("banner", !isKept && isWaiting);
    part("storage").classList.toggle("note", !isKept && isWaiting);
  }
  const sendBefore = () => longDate(diaryDay(Date.now() + 6 * 864e5, zone));

  // When all else fails: everything that waits, as a file in her own hands.
  async function saveFile() {
    const entries = (await store.waiting(person)).map(({ id, body, state, why }) => ({ id, state, why, ...body }));
    const file = new Blob([JSON.stringify({ neap: "outbox", version: 1, entries }, null, 1)], { type: "application/json" });
    const anchor = document.createElement("a");
    anchor.href = URL.createObjectURL(file);
    anchor.download = "neap-waiting.json";
    anchor.click();
    setTimeout(() => URL.revokeObjectURL(anchor.href), 60000);
  }

  part("send").addEventListener("click", async () => {
    part("state").textContent = "Sending";
    await navigator.storage?.persist?.();
    await outbox.flush();
    await show();
  });
  part("save").addEventListener("click", saveFile);
  outbox.listen(({ what }) => {
    part("trouble").textContent = WHY[what] ?? "";
    show();
  });
  await show();
}
