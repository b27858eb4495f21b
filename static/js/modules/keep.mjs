// The last known Story and list of infusions, kept for when there is no internet; never a day's own words.
import { whoIsHere } from "./person.mjs";

const MOST = 12;

export default async function keep() {
  const main = document.getElementById("main");
  const person = await whoIsHere();
  if (!person) return;
  const copy = main.cloneNode(true);
  for (const part of copy.querySelectorAll("[data-not-kept], form")) part.remove();
  const url = location.pathname + location.search;
  await self.neap.store.keepPage(person, url, { html: copy.innerHTML, at: Date.now() }, MOST);
}
