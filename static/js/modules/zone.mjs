// The phone is in another zone than the diary: asked once for each, where it makes a difference now.
import { isBusy } from "./update.mjs";

const KEY = "neap-zone-stays";
const EVERY = 2000;
const hour = (timeZone) => new Intl.DateTimeFormat("en-GB", { timeZone, dateStyle: "short", timeStyle: "short" }).format(new Date());

export const here = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

export default function zone(bar) {
  const there = here();
  const { zone: own } = document.body.dataset;
  try {
    if (!there || !own || there === own || hour(there) === hour(own) || localStorage.getItem(KEY) === there) return;
  } catch {
    return; // a zone that this browser does not know, or a closed storage: it could not be asked just once
  }
  const place = there.split("/").pop().replaceAll("_", " ");
  for (const name of bar.querySelectorAll("[data-place]")) name.textContent = place;
  bar.querySelector("[name='zone']").value = there;
  bar.querySelector("[name='back']").value = location.pathname;
  bar.querySelector("[data-later]").addEventListener("click", () => {
    localStorage.setItem(KEY, there);
    clearInterval(looking);
    bar.hidden = true;
  });
  const show = () => (bar.hidden = isBusy());
  const looking = setInterval(show, EVERY);
  show();
}
