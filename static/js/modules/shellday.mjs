// The shell of a day, which the server made for nobody: which day it is comes from the address and the phone's clock.
import { icon } from "./dayview.mjs";
import { daysBetween, diaryDay, longDate, nameOf, plural, plus } from "./words.mjs";

const BACK = 7;
const NOBODYS = "2000-01-03";

// Sets the page to its day; false where that day can't be written without internet.
export default async function shellday(form) {
  const { store, outbox } = self.neap;
  const zone = (await store.meta("around"))?.zone;
  const today = diaryDay(await outbox.now(), zone);
  const day = location.pathname.match(/^\/days\/(.+)$/)?.[1] ?? today;
  const ago = daysBetween(day, today);
  form.dataset.day = day;
  const name = nameOf(day, today);
  document.title = `${name} - Neap`;
  document.querySelector("h1").textContent = name;
  const time = document.querySelector(".date time");
  time.dateTime = day;
  time.textContent = longDate(day);
  for (const one of document.querySelectorAll(`[action^="/days/${NOBODYS}"], [href^="/days/${NOBODYS}"]`)) {
    for (const attribute of ["action", "href"]) {
      if (one.hasAttribute(attribute)) one.setAttribute(attribute, one.getAttribute(attribute).replace(NOBODYS, day));
    }
  }
  if (ago > 0) for (const legend of document.querySelectorAll("[data-past]")) legend.textContent = legend.dataset.past;
  const note = document.getElementById("late-note");
  note.querySelector("span").textContent = `${ago === 1 ? "A day" : plural(ago, "day")} later is fine. Marked “late”.`;
  note.hidden = ago < 1;
  const links = []; // address, words, drawing, and whether it points forward
  if (ago < BACK) links.push([`/days/${plus(day, -1)}`, nameOf(plus(day, -1), today), icon("chevron-left"), false]);
  if (ago > 0) links.push([ago === 1 ? "/today" : `/days/${plus(day, 1)}`, nameOf(plus(day, 1), today), icon("chevron-right"), true]);
  document.getElementById("daynav").replaceChildren(...links.map(([href, words, drawing, isForward]) => {
    const link = document.createElement("a");
    link.className = "go";
    link.href = href;
    link.append(...(isForward ? [words, drawing] : [drawing, words]));
    return link;
  }));
  const isOpen = ago >= 0 && ago <= BACK;
  if (!isOpen) {
    document.getElementById("sheet").hidden = true;
    for (const part of document.querySelectorAll("[data-while]")) part.hidden = true;
    note.hidden = false;
    note.querySelector("span").textContent = "This day opens with internet.";
  }
  if (ago === 0) import("./due.mjs").then((due) => due.default(document.querySelector("[data-fill]")));
  return isOpen;
}
