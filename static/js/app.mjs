// Loads what a page asks for by data-module, again after each swap; every module may be taken away.
const loaded = new WeakSet();

async function enhance(root) {
  const wanted = [...root.querySelectorAll("[data-module]")];
  if (root.matches?.("[data-module]")) wanted.unshift(root);
  const fresh = wanted.filter((element) => !loaded.has(element));
  for (const element of fresh) loaded.add(element);
  // All are asked for at once, and each begins in its turn.
  const asked = fresh.map(({ dataset }) => import(`./modules/${dataset.module}.mjs`));
  for (const one of asked) one.catch(() => {});
  for (const [place, element] of fresh.entries()) {
    try {
      const module = await asked[place];
      module.default(element);
    } catch (error) {
      // One that could not be fetched is a TypeError: the page works without it, and so do the others.
      if (!String(error).includes("dynamically imported module")) reportError(error);
      // Without the script that keeps its answers the day is a plain form with its Save button.
      if (/^(day|extras)$/.test(element.dataset.module)) document.documentElement.classList.remove("js");
    }
  }
}

export function announce(words) {
  const place = document.getElementById("announce");
  if (place) place.textContent = words;
}

document.addEventListener("htmx:afterSettle", (event) => {
  enhance(document.body);
  const wrong = event.detail.elt.querySelector?.("[aria-invalid='true']");
  if (wrong) wrong.focus();
});
document.addEventListener("htmx:sendError", () =>
  announce("We could not reach Neap. What you typed is still here; please try again."),
);
// A page from the back-forward cache may belong to a session that has ended.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
// With the app lock closed nothing starts but the sending of what waits, until the PIN is given.
const root = document.documentElement;
async function begin() {
  if ("own" in root.dataset && "locked" in root.dataset) await (await import("./modules/lockscreen.mjs")).default();
  const wrong = document.querySelector("[aria-invalid='true']");
  if (wrong) wrong.focus();
  enhance(document.body);
}
document.addEventListener("neap:locked", begin);
begin();
