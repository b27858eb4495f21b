// A page that opens without internet shows what it showed last, and says from when that is.
import { whoIsHere } from "./person.mjs";
import { diaryDay, longDate, nameOf, timeOf } from "./words.mjs";

const NAMES = { "/story": "Story", "/infusions": "Infusions", "/check-ins": "Check-ins", "/sessions": "Sessions" };

export default async function kept(main) {
  const name = NAMES[location.pathname.replace(/(\/infusions)\/.*/, "$1")];
  const title = document.querySelector(".tabtitle");
  if (name && title) title.textContent = name;
  if (name) document.title = `${name} - Neap`;
  for (const tab of document.querySelectorAll(".tabs a")) {
    if (tab.textContent.trim() === name) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
  const person = await whoIsHere();
  if (!person) return;
  const { store } = self.neap;
  const { pathname, search } = location;
  const page = (await store.pageOf(person, pathname + search)) ?? (await store.pageOf(person, pathname));
  if (!page) return;
  const zone = (await store.meta("around"))?.zone;
  const [day, today] = [diaryDay(page.at, zone), diaryDay(Date.now(), zone)];
  const when = document.createElement("p");
  when.className = "banner note";
  const named = nameOf(day, today);
  when.textContent = `No internet just now. This is from ${named === "Today" ? "today" : longDate(day)}, ${timeOf(page.at)}.`;
  main.innerHTML = page.html; // our own page, as the server made it; scripts in it would not run
  main.prepend(when);
  const counted = main.querySelector("[data-tick]")?.parentElement;
  if (counted) await (await import("./ticks.mjs")).default(counted, page.at);
}
