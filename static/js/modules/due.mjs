// What is due around an infusion, from what this phone was told last; the server's page says the same.
import { whoIsHere } from "./person.mjs";
import { icon, make } from "./dayview.mjs";
import { daysBetween, diaryDay, weekday } from "./words.mjs";

const ASKING = ["urine_often", "urine_pain", "urine_blood", "memory", "craving", "ketamine_outside"];
const BEFORE = 3; // days: how long before an infusion an intention is offered
const BACK = 7;

async function known(person) {
  const { store, outbox } = self.neap;
  const [plan, around, now] = [await store.dayOf(person, "plan"), await store.meta("around"), await outbox.now()];
  const zone = around?.zone;
  const hour = Number(new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", hourCycle: "h23" }).format(now));
  return { plan, zone, hour, today: diaryDay(now, zone) };
}

export const keyOf = (due) => self.neap.store.keyOf({ kind: "checkin", ...due });

// Today's check-in, without the questions that another day's has had meanwhile; null for none.
export async function checkinNow(person) {
  const { plan, hour, today } = await known(person);
  const due = plan?.due?.find(({ day }) => day === today);
  if (!due || (due.from_hour && hour < due.from_hour && hour >= 4)) return null;
  let { steps } = due;
  for (const earlier of plan.due.filter(({ day, steps: s }) => day < today && s.includes("ask"))) {
    const { values } = await self.neap.outbox.shown(person, keyOf(earlier));
    if (ASKING.some((name) => values[name])) steps = steps.filter((step) => step !== "ask");
  }
  return steps.length ? { ...plan, ...due, steps } : null;
}

// The infusion of today, for whose nurse there is a sheet; null for none.
export async function arrivalNow(person) {
  const { plan, today } = await known(person);
  const next = plan?.arrivals?.find(({ on }) => on === today);
  return next ? { ...plan, ...next } : null;
}

// The infusion for which an intention may be written now, and under which day; null for none.
export async function intentionNow(person) {
  const { plan, today } = await known(person);
  const next = plan?.intentions?.find(({ on }) => on >= today && daysBetween(today, on) <= BEFORE);
  if (!next) return null;
  const kept = next.day ?? (await begun(person, next, today));
  const day = kept && daysBetween(kept, today) <= BACK ? kept : today;
  const ahead = daysBetween(today, next.on);
  const name = ["today", "tomorrow"][ahead] ?? weekday(next.on);
  return { ...next, day, name, when: (ahead > 1 ? "on " : "") + name + (next.time ? ` at ${next.time}` : ""), isBegun: Boolean(kept) };
}

// Begun on this phone and not sent yet.
async function begun(person, { target }, today) {
  const own = (await self.neap.store.waiting(person)).filter(({ body }) => body.kind === "intention" && body.target === target);
  return own.map(({ body }) => body.day).find((day) => daysBetween(day, today) <= BACK);
}

function onceLooked(act) {
  let isDone = false;
  self.neap.outbox.listen(({ what }) => {
    if (what !== "looked" || isDone) return;
    isDone = true;
    act();
  });
}

// The rows on Today: made on the shell; on the server's page only taken away when this phone knows better.
export default async function due(mark) {
  const person = await whoIsHere();
  const list = mark.nextElementSibling;
  if (!person || !list) return;
  const { plan, today } = await known(person);
  if (document.getElementById("day-form").dataset.day !== today) return;
  if (!plan) return void onceLooked(() => due(mark)); // this phone has not been told yet
  const rows = [];
  const here = await arrivalNow(person);
  if (here) rows.push(["/arrival", "For the nurse, from your diary", `infusion ${here.number}: today${here.time ? ` at ${here.time}` : ""}`]);
  const checkin = await checkinNow(person);
  const isDone = checkin && (await self.neap.outbox.shown(person, keyOf(checkin))).values.done;
  if (checkin && !isDone) rows.push(["/check-in", "A check-in", checkin.name]);
  const ahead = await intentionNow(person);
  if (ahead && !ahead.isBegun) rows.push(["/intention", `An intention for ${ahead.name}`, `before infusion ${ahead.number}`]);
  if (!("fill" in mark.dataset)) {
    if (isDone) list.querySelector('a[href="/check-in"]')?.remove();
    if (ahead?.isBegun) list.querySelector('a[href="/intention"]')?.remove();
    return;
  }
  list.prepend(...rows.map(([href, title, beneath]) => {
    const [link, text] = [make("a", "r duerow"), make("span")];
    link.href = href;
    text.append(make("b", "strong", title), make("span", "sub", beneath));
    link.append(icon(href === "/intention" ? "feather" : "droplet"), text, icon("chevron-right"));
    return link;
  }));
}
