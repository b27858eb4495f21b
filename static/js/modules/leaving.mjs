// Signing out clears this phone, but for what was not sent: about that the person is asked.
import { whoIsHere } from "./person.mjs";

export default async function leaving(form) {
  const person = await whoIsHere();
  if (!person) return;
  const { store, outbox } = self.neap;
  const dialog = document.getElementById("leaving");
  let isDecided = false;

  async function go(unsent) {
    if (await store.meta("push")) await (await import("./pushing.mjs")).end(person);
    await store.forget(person, { unsent });
    self.neap.lock.leave();
    isDecided = true;
    form.requestSubmit();
  }
  async function ask() {
    const waiting = await store.waiting(person);
    if (waiting.length === 0) return go(false);
    dialog.querySelector("[data-count]").textContent = waiting.length;
    dialog.showModal();
  }
  form.addEventListener("submit", (event) => {
    if (isDecided) return;
    event.preventDefault();
    ask();
  });
  dialog.addEventListener("close", async () => {
    if (dialog.returnValue === "keep") await go(false);
    if (dialog.returnValue === "delete") await go(true);
    if (dialog.returnValue === "send") {
      await outbox.flush();
      await ask();
    }
  });
}
