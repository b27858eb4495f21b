// A word from a good day: offered on the second hard day running and to who is too unwell, asked for on a good day.
// The server's page says the same; this knows what was answered since, and without internet.
import { whoIsHere } from "./person.mjs";
import { diaryDay, plus } from "./words.mjs";

const BACK = 7;

export default async function offer(place) {
  const { store, outbox } = self.neap;
  let turn = 0;

  // Pain of the last known day before one; null where that was too unwell to log, undefined for none.
  async function before(person, day, told) {
    for (let n = 1; n <= BACK; n += 1) {
      const on = plus(day, -n);
      const { values } = await outbox.shown(person, on);
      const pain = values.pain ?? (values.unwell ? null : told[on]);
      if (pain !== undefined) return pain;
    }
  }

  async function paint({ day, values }) {
    const mine = (turn += 1);
    const person = await whoIsHere();
    if (!person) return;
    const own = await outbox.shown(person, "word");
    if (!own.waiting && !(await store.dayOf(person, "word"))) return; // this phone has not been told yet
    const has = Boolean(own.values.word);
    const { most = null, pain: told } = (await store.dayOf(person, "plan"))?.line ?? {};
    const pain = values.pain ?? null;
    const today = diaryDay(await outbox.now(), (await store.meta("around"))?.zone);
    const isJudged = most !== null && pain !== null && day === today;
    const last = isJudged && has && pain > most ? await before(person, day, told) : undefined;
    if (mine !== turn) return;
    document.querySelector("[data-word]").hidden = !has;
    place.hidden = !(last === null || last > most);
    document.getElementById("keep-word").hidden = !(isJudged && !has && pain <= most);
  }

  document.addEventListener("neap:painted", ({ detail }) => paint(detail));
  const person = await whoIsHere();
  if (person) await paint(await outbox.shown(person, document.getElementById("day-form").dataset.day));
}
