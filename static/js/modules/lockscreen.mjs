// The screen of the app lock: it covers the whole page until it is opened. What waits is sent behind it.
import { whoIsHere } from "./person.mjs";
import { make, plural } from "./dayview.mjs";
import * as pin from "./pin.mjs";

const root = document.documentElement;
let shown = null;
export const PASSKEY_LEFT =
  "If your phone's settings still list a passkey named “Neap on this phone” afterwards, you can remove it there. It opens nothing any more.";

// Resolved when the tab is open.
export default async function lockscreen() {
  shown ??= show().finally(() => (shown = null));
  return shown;
}

async function show() {
  const on = self.neap?.store && (await pin.current());
  if (!on) return pin.uncover(); // signed out or wiped meanwhile
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
  const isFresh = !document.querySelector("[data-ready]");
  const { outbox } = self.neap;
  const send = () => outbox.flush();
  whoIsHere().then(send);
  window.addEventListener("online", send);
  pin.sealRest().catch(() => {});
  // Without the script of the passkey there is the PIN.
  const passkey = on.passkey && (await import("./passkeyparts.mjs").catch(() => null));
  await new Promise((done) => ask(on, passkey, done));
  window.removeEventListener("online", send);
  document.querySelector(".lock").remove();
  if (!isFresh) outbox.tell("looked"); // a page that stood before is painted anew
}

function ask(on, passkey, done) {
  const screen = make("div", "phone lock page");
  const top = make("header", "top");
  const help = make("a", "help", "Help");
  help.href = "/help";
  const drawing = document.querySelector(".top > .help svg");
  if (drawing) help.prepend(drawing.cloneNode(true));
  top.append(make("span", "go plain", "Neap"), help);
  const main = make("main");
  const form = make("form", "stack");
  const { field, input, complain } = pinField("unlock-pin", "PIN");
  const open = make("button", passkey ? "btn wide" : "btn primary wide", "Open");
  const other = passkey && passkey.opener(on, done, input);
  form.noValidate = true;
  form.append(field, open);
  const forgot = make("details", "forgot");
  forgot.append(make("summary", "btn quiet wide", "Forgot the PIN?"), lost(on));
  main.append(make("h1", "", "Neap is locked"), ...(other ? [other.part] : []), form, forgot);
  screen.append(top, main);
  // What is typed here is none of the page's business beneath it, which saves at each change.
  for (const type of ["change", "input", "keydown", "submit"]) screen.addEventListener(type, (event) => event.stopPropagation());
  document.body.append(screen);
  root.dataset.locked = "shown";
  (other ?? input).focus();

  let isTrying = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (isTrying) return;
    isTrying = input.readOnly = true;
    other?.stop();
    open.textContent = "Opening";
    const given = input.value;
    const seconds = await pin.wait();
    if (!seconds && pin.PIN.test(given) && (await pin.tryPin(given))) return done();
    const next = await pin.wait();
    const what = seconds ? "Not tried yet." : pin.PIN.test(given) ? "That is not the PIN." : "A PIN has 4 to 12 digits.";
    if (!seconds) input.value = "";
    complain(next ? `${what} Please wait ${duration(next)} before the next try. Nothing is lost.` : what);
    open.textContent = "Open";
    isTrying = input.readOnly = false;
    input.focus();
  });
  // Turned off in another tab.
  window.addEventListener("storage", ({ key, newValue }) => {
    if (key !== self.neap.lock.FLAG || newValue) return;
    delete root.dataset.locked;
    other?.stop();
    done();
  });
}

const duration = (seconds) => (seconds < 90 ? plural(seconds, "second") : plural(Math.ceil(seconds / 60), "minute"));

function lost(on) {
  const part = make("div", "stack");
  const state = make("p", "err");
  const button = make("button", "btn wide", "Remove the lock and sign in again");
  button.type = "button";
  state.setAttribute("role", "alert");
  part.append(
    make("p", "", "Nobody can look it up. You can remove the lock and sign in with your e-mail and passphrase."),
    make("p", "", "What goes: only what this phone keeps for reading without internet. Your diary is with Neap, and you see it again after signing in."),
    make("p", "", "What stays: answers that are not sent yet. They are sent when you are signed in again."),
    ...(on.passkey ? [make("p", "", PASSKEY_LEFT)] : []), button, state,
  );
  button.addEventListener("click", async () => {
    state.textContent = "";
    button.textContent = "Removing";
    const isOut = await signOut().catch(() => false);
    button.textContent = "Remove the lock and sign in again";
    if (!isOut) return void (state.textContent = "We could not reach Neap. Nothing was removed; please try again with internet.");
    await pin.lose();
    if (on.passkey) await import("./passkey.mjs").then(({ drop }) => drop(on.passkey.id), () => {});
    location.assign("/sign-in");
  });
  return part;
}

// First what waits is sent, then the session ends: whoever forgot the PIN must be able to sign in.
async function signOut() {
  await self.neap.outbox.flush();
  const page = await fetch("/more", { cache: "no-store", signal: AbortSignal.timeout(15000) });
  if (page.headers.get("Neap") !== "1") return false;
  if (new URL(page.url).pathname === "/sign-in") return true;
  const text = new DOMParser().parseFromString(await page.text(), "text/html");
  const form = text.querySelector('form[action="/sign-out"]');
  if (!page.ok || !form) return false;
  const answer = await fetch("/sign-out", { method: "POST", body: new URLSearchParams(new FormData(form)) });
  return answer.ok && new URL(answer.url).pathname === "/sign-in";
}

// One field for a PIN, with the phone's numeric keyboard.
export function pinField(id, label, hint = "") {
  const field = make("div", "field");
  const [name, input] = [make("label", "", label), make("input")];
  name.htmlFor = input.id = id;
  Object.assign(input, { type: "password", inputMode: "numeric", autocomplete: "off", maxLength: 12 });
  field.append(name, input);
  if (hint) {
    const words = make("p", "hint", hint);
    words.id = `${id}-hint`;
    field.append(words);
    input.setAttribute("aria-describedby", words.id);
  }
  const problem = make("p", "err");
  problem.id = `${id}-error`;
  problem.setAttribute("role", "alert");
  field.append(problem);
  function complain(words) {
    problem.textContent = words;
    input.toggleAttribute("aria-invalid", Boolean(words));
    if (words) input.setAttribute("aria-invalid", "true");
    const described = [words && problem.id, hint && `${id}-hint`].filter(Boolean).join(" ");
    if (described) input.setAttribute("aria-describedby", described);
  }
  return { field, input, complain };
}
