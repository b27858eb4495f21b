// The passkey where it is met: a button on the lock's screen, and a part of "App lock" in More.
import { make, plural } from "./dayview.mjs";
import { PASSKEY_LEFT, pinField } from "./lockscreen.mjs";
import * as passkey from "./passkey.mjs";
import * as pin from "./pin.mjs";

const REFUSED = "Still locked. You can touch the button again, or use the PIN. This was not counted as a try.";
const BROKEN = "This way in no longer works. Please use the PIN. You can set it up again in More, under App lock.";

// Asked at a touch only. `back` is where a no leads to.
export function opener(on, done, back) {
  const part = make("div", "stack");
  const button = make("button", "btn primary wide", "Open with fingerprint or face");
  const state = make("p", "told");
  button.type = "button";
  state.setAttribute("role", "alert");
  part.append(button, state);
  let asking = null;
  button.addEventListener("click", async () => {
    if (asking) return;
    asking = new AbortController();
    state.textContent = "";
    const { signal } = asking;
    const became = await passkey.open(on, signal);
    asking = null;
    if (became === "open") return done();
    if (signal.aborted) return; // the PIN was quicker
    state.textContent = became === "refused" ? REFUSED : BROKEN;
    back.focus();
  });
  return { part, focus: () => button.focus(), stop: () => asking?.abort() };
}

export default async function more(part, on) {
  const announce = (words) => (document.getElementById("announce").textContent = words);
  if (on.passkey) whileOn();
  else if (await passkey.isPossible()) whileOff();

  function whileOn() {
    const button = make("button", "btn wide", "Open with the PIN only");
    button.type = "button";
    part.replaceChildren(make("p", "", "Your fingerprint or face opens it too. The PIN always works."), button);
    button.addEventListener("click", async () => {
      await passkey.turnOff(await pin.current());
      whileOff(PASSKEY_LEFT);
      part.querySelector("summary").focus();
      announce(`Only the PIN opens Neap now. ${PASSKEY_LEFT}`);
    });
    return button;
  }

  function whileOff(told = "") {
    const [more, form] = [make("details"), make("form", "stack")];
    const { field, input, complain } = pinField("passkey-pin", "The PIN, to set this up");
    const button = make("button", "btn primary wide", "Set up");
    const state = make("p", "told");
    state.setAttribute("role", "alert");
    form.noValidate = true;
    form.append(
      make("p", "", "Your phone checks that it is you, and Neap opens without the PIN. Neap never gets your fingerprint or your face."),
      make("p", "", "Whoever can unlock this phone can then open Neap too. If somebody else knows its code, or their finger or face opens it, keep to the PIN."),
      field, button, state,
    );
    more.append(make("summary", "btn wide", "Also open with fingerprint or face"), form);
    part.replaceChildren(...(told ? [make("p", "told", told)] : []), more);
    let isTrying = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (isTrying) return;
      isTrying = input.readOnly = true;
      state.textContent = "";
      complain("");
      button.textContent = "Setting up";
      const became = await tried(input.value, complain);
      if (became === "on") {
        whileOn().focus();
        return announce("Your fingerprint or face opens Neap now.");
      }
      button.textContent = "Set up";
      isTrying = input.readOnly = false;
      state.textContent = WORDS[became] ?? "";
      (became === "wrong" ? input : button).focus();
    });
  }
}

const WORDS = {
  again: "One more touch is needed. Please press “Set up” again.",
  refused: "Not set up. Nothing has changed: the PIN opens Neap as before.",
  unable: `This phone can't open Neap this way. Nothing has changed: the PIN opens Neap as before. ${PASSKEY_LEFT}`,
};

// A new way in asks for the one that there is: who picked up an open Neap can't make a way of their own.
async function tried(given, complain) {
  const seconds = await pin.wait();
  const behind = !seconds && pin.PIN.test(given) && (await pin.behind(given));
  if (behind) return passkey.turnOn(behind);
  complain(seconds ? `Please wait ${plural(seconds, "second")} before the next try.` : "That is not the PIN.");
  return "wrong";
}
