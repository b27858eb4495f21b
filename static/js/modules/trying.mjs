// "Send me one to try", where notifications were refused before: the phone is asked once more, by this touch.
import { whoIsHere } from "./person.mjs";
import { begin, isApple, isInstalled } from "./pushing.mjs";

export default async function trying(form) {
  const person = await whoIsHere();
  const { key } = form.dataset;
  if (!person || !key || !("PushManager" in window && "Notification" in window) || (isApple() && !isInstalled())) return;
  let isAsked = false;
  form.addEventListener("submit", async (event) => {
    if (isAsked) return;
    event.preventDefault();
    isAsked = true;
    if ((await Notification.requestPermission()) === "granted") await begin(person, key).catch(() => {});
    form.requestSubmit();
  });
}
