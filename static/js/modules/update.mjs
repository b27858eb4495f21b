// The worker: registered once the page stands. A newer Neap is offered, never in the middle of an entry.
const EVERY = 2000;
const A_WHILE = 3600_000;
const TYPED = "textarea, input:not([type='hidden'], [type='radio'], [type='checkbox'], [type='search'])";

// Somebody types or has typed, the pad asks, an answer was refused, or a write is on its way.
export function isBusy() {
  return Boolean(
    document.activeElement?.matches("input, textarea, select") ||
      document.querySelector("[data-busy], .question.now, [aria-invalid='true'], dialog[open]") ||
      [...document.querySelectorAll(TYPED)].some((field) => field.value !== field.defaultValue),
  );
}

export default async function update(bar) {
  const workers = navigator.serviceWorker;
  if (!workers) return;
  if (document.readyState !== "complete") {
    await new Promise((done) => window.addEventListener("load", done, { once: true }));
  }
  const register = () => ("isKept" in bar.dataset ? workers.getRegistration() : workers.register("/sw.js"));
  const registration = await register().catch(() => null);
  if (!registration) return;
  let use = null; // what "Use it now" does, once there is something to use
  let isAsked = false;
  let isGone = false;

  function reload() {
    if (isGone) return;
    isGone = true;
    location.reload();
  }
  function offer(how) {
    const isFirst = use === null;
    use = how;
    if (!isFirst) return;
    show();
    setInterval(show, EVERY);
  }
  function show() {
    const was = bar.hidden;
    bar.hidden = isBusy() || "isLater" in bar.dataset;
    if (was && !bar.hidden) document.getElementById("announce").textContent = "A newer Neap is ready.";
  }
  function look() {
    const { waiting, active } = registration;
    if (!waiting || !active) return;
    waiting.addEventListener("statechange", () => isAsked && waiting.state === "activated" && reload());
    // It may have stopped waiting by then: where no page was in the older one's care.
    offer(() => (registration.waiting ? registration.waiting.postMessage("skip-waiting") : reload()));
  }

  bar.querySelector("[data-use]").addEventListener("click", () => {
    isAsked = true;
    bar.hidden = true;
    use();
  });
  bar.querySelector("[data-later]").addEventListener("click", () => {
    bar.dataset.isLater = "";
    show();
  });
  // Another tab may have asked for it: this one goes on as it is, until its person wants the newer one too.
  const had = workers.controller;
  workers.addEventListener("controllerchange", () => {
    if (isAsked) reload();
    else if (had) offer(reload);
  });
  const watch = () => registration.installing?.addEventListener("statechange", look);
  registration.addEventListener("updatefound", watch);
  let looked = Date.now();
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "visible" || Date.now() - looked < A_WHILE) return;
    looked = Date.now();
    registration.update().catch(() => {});
  });
  watch();
  look();
}
