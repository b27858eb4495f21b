// A word from a good day on the phone: what is written goes to the outbox, and is read without internet.
import { icon } from "./dayview.mjs";
import { whoIsHere } from "./person.mjs";
import { diaryDay, longDate } from "./words.mjs";

const KEY = "word"; // its kind, its field, and what it is kept under
const WRITES_AFTER = 3000; // milliseconds without a key
const TROUBLE = new Set(["waiting", "signed-out", "other-person", "refused-here", "update"]);
const $ = (id) => document.getElementById(id);

export default async function word(main) {
  const person = await whoIsHere();
  if (!person) return;
  const { store, outbox } = self.neap;
  const isStale = (await store.sentSince(person, performance.timeOrigin)).has(KEY);
  if (main.dataset.known && !isStale) await store.keepDay(person, KEY, JSON.parse(main.dataset.known));
  const area = $("w");
  let jobs = Promise.resolve();
  let trouble = null;
  let sent = null; // what was recorded last
  let timer = null;

  const first = (await outbox.shown(person, KEY)).values[KEY];
  const isRefused = area.hasAttribute("aria-invalid") || document.querySelector("main > .banner.alert");
  const isReading = Boolean(first) && !isRefused && !new URLSearchParams(location.search).has("write");
  for (const part of document.querySelectorAll("[data-part]")) part.hidden = (part.dataset.part === "read") !== isReading;
  if (isReading) $("asks").textContent = "A word from a good day";
  else if (first && area.value === area.defaultValue && !isRefused) area.value = area.defaultValue = first.text;

  async function paint() {
    const { values, waiting, held } = await outbox.shown(person, KEY);
    const kept = values[KEY];
    if (isReading) {
      if (!kept) return;
      $("letter").textContent = kept.text;
      $("when").textContent = `You wrote this on ${longDate(kept.on)}`;
      return;
    }
    $("not-today").textContent = area.value.trim() || kept ? "Take it away" : "Not today";
    const say = (words, drawing) => $("state").replaceChildren(...(drawing ? [icon(drawing)] : []), words);
    if (held.length) say(`Not taken: ${Object.values(held[0].why?.fields ?? {}).join(" ") || "see More, On this phone"}`);
    else if (waiting) say("Saved on this phone", trouble ? "cloud-off" : "check");
    else say(kept && area.value === kept.text ? "Saved" : "", kept && area.value === kept.text ? "check" : "");
  }

  // One after the other, so that each sees what the one before it wrote.
  function keep(text) {
    clearTimeout(timer);
    if (text === (sent ?? area.defaultValue)) return jobs;
    sent = text;
    jobs = jobs.then(() => write(text)).then(paint, () => {
      $("state").textContent = "Not kept: this phone’s storage is full or closed.";
      throw new Error("not kept");
    });
    return jobs;
  }
  async function write(text) {
    const { base, held } = await outbox.shown(person, KEY);
    const fields = { [KEY]: text };
    const day = diaryDay(await outbox.now(), (await store.meta("around"))?.zone);
    if (held.length) return outbox.mend(held[0], fields, day);
    await outbox.record({ kind: KEY, target: person, day, fields, base: { [KEY]: base[KEY] ?? [] } });
    navigator.storage?.persist?.();
  }

  outbox.listen(({ what }) => {
    if (TROUBLE.has(what)) trouble = what;
    if (what === "acknowledged" || what === "looked") trouble = null;
    paint();
  });
  if (!isReading) {
    const leave = () => keep(area.value).catch(() => {});
    area.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(leave, WRITES_AFTER);
      paint();
    });
    area.addEventListener("change", leave);
    document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && leave());
    $("word-form").addEventListener("submit", async (event) => {
      event.preventDefault();
      await keep(area.value).then(() => location.assign(area.value.trim() ? "/word" : "/today"), () => {});
    });
    $("not-today").addEventListener("click", async (event) => {
      event.preventDefault();
      area.value = "";
      await keep("").then(() => location.assign("/today"), () => {});
    });
  }
  await paint();
  main.dataset.ready = "";
  outbox.look();
}
