// Whose phone this is now: told by the server's page, remembered for pages that open without internet.
let here = null;
export const whoIsHere = () => (here ??= settle().catch(() => null));

async function settle() {
  const { store } = self.neap ?? {};
  if (!store || !self.crypto?.randomUUID) return null;
  await store.open();
  const { person, device, zone, infusionOn, infusionNumber } = document.body.dataset;
  if (person) {
    const former = (await store.meta("around"))?.infusion ?? null;
    const told = infusionOn ? { on: infusionOn, number: Number(infusionNumber) } : null;
    const infusion = infusionOn === undefined ? former : told; // only the day's pages tell
    await store.setMeta("around", { device, zone, infusion });
    await store.setMeta("person", person);
    return person;
  }
  return (await store.meta("person")) ?? null;
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
}
