// "This phone" among the ways of being reminded: a switch that asks the phone only when it is touched.
import { whoIsHere } from "./person.mjs";
import { begin, check, end, isApple, isInstalled, registered } from "./pushing.mjs";

const announce = (words) => (document.getElementById("announce").textContent = words);

export default async function reminded(row) {
  const person = await whoIsHere();
  const says = row.querySelector("[data-part='says']");
  const word = row.querySelector("[data-part='word']");
  const { key } = row.dataset;
  const denied = document.querySelector("[data-part='denied']");

  function show(isOn, words, canBe = true) {
    row.hidden = false;
    row.setAttribute("aria-checked", isOn);
    row.toggleAttribute("data-cannot", !canBe);
    if (canBe) row.removeAttribute("aria-disabled");
    else row.setAttribute("aria-disabled", "true");
    word.textContent = isOn ? "on" : "off";
    says.textContent = words;
  }
  // Why not, in words; null where it can be.
  function whyNot() {
    if (!key) return "not set up for this Neap yet: e-mail and calendar work";
    if (isApple() && !isInstalled()) return "on an iPhone from the home screen only: see “Keep Neap on your phone” under More";
    if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) return "this browser can’t: e-mail and calendar work";
    return person ? null : "this browser keeps nothing, so it can’t: e-mail and calendar work";
  }
  function isRefused() {
    const isIt = Notification.permission === "denied";
    if (denied) denied.hidden = !isIt;
    if (isIt) show(false, "switched off in this phone’s settings", false);
    return isIt;
  }
  function isOn(answer) {
    const known = document.querySelector(`[data-phone="${answer.id}"]`);
    known?.setAttribute("data-here", "");
    const name = known?.querySelector("[data-part='name']");
    if (name) name.textContent = "This phone";
    show(true, known?.dataset.last || "on since just now");
  }

  async function look() {
    const why = whyNot();
    if (why) return show(false, why, false);
    if (isRefused()) return;
    const answer = await check().catch(() => null);
    if (answer === null) return show(false, "Neap can’t be reached just now", false);
    if (answer.state === "live") isOn(answer);
    else show(false, answer.state === "ended" ? "switched off; touch to have them here again" : "touch to have them here");
  }

  async function switchOn() {
    show(false, "asking your phone");
    const asked = await Notification.requestPermission();
    if (isRefused()) return announce("This phone does not let Neap remind you.");
    if (asked !== "granted") return show(false, "not allowed yet; touch to be asked again");
    try {
      if (!(await registered())) await navigator.serviceWorker.register("/sw.js");
      isOn(await begin(person, key));
      announce("Reminders come on this phone.");
    } catch (error) {
      const words = error.name === "AbortError" || error.name === "NetworkError"
        ? "this browser’s push service can’t be reached; try again later, or use e-mail"
        : "that did not work; try again later, or use e-mail";
      show(false, words);
      announce(words);
    }
  }
  async function switchOff() {
    await end(person);
    show(false, "touch to have them here again");
    announce("No more reminders on this phone.");
  }
  let isBusy = false;
  row.addEventListener("click", async () => {
    if (isBusy || row.hasAttribute("aria-disabled")) return;
    isBusy = true;
    try {
      await (row.getAttribute("aria-checked") === "true" ? switchOff() : switchOn());
    } finally {
      isBusy = false;
    }
  });
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && !isBusy && look());
  await look();
}
