// Whose phone this is now: told by the server's page, remembered for pages that open without internet.
let here = null;
export const whoIsHere = () => (here ??= settle().catch(() => null));

async function settle() {
  const { store } = self.neap ?? {};
  if (!store || !self.crypto?.randomUUID) return null;
  await store.open();
  const on = await store.meta("lock");
  follow(on);
  const { person, device, zone, infusionOn, infusionNumber } = document.body.dataset;
  if (person) {
    const former = (await store.meta("around"))?.infusion ?? null;
    const told = infusionOn ? { on: infusionOn, number: Number(infusionNumber) } : null;
    const infusion = on ? null : infusionOn === undefined ? former : told; // only the day's pages tell
    await store.setMeta("around", { device, zone, infusion });
    await store.setMeta("person", person);
    return person;
  }
  return (await store.meta("person")) ?? null;
}

// The app lock in the store is the truth; what covers before the first paint follows it.
function follow(on) {
  const { FLAG, isOpen, close } = self.neap.lock;
  if (!on) return localStorage.removeItem(FLAG);
  localStorage.setItem(FLAG, on.minutes);
  if (!isOpen() && !("locked" in document.documentElement.dataset)) close();
}

// Send at every chance: now, when the internet comes back, when the page is looked at again.
export default async function person() {
  if (!(await whoIsHere())) return;
  const { outbox } = self.neap;
  const chance = () => document.visibilityState === "visible" && outbox.flush();
  window.addEventListener("online", chance);
  window.addEventListener("pageshow", chance);
  document.addEventListener("visibilitychange", chance);
  chance();
  // Reminders are looked after where the phone has said yes to them.
  if (self.Notification?.permission === "granted") (await import("./opening.mjs")).default().catch(() => {});
}
