// More, "App lock": on with a PIN, how soon it closes, closed now, a passkey besides, and off again with the PIN.
import { whoIsHere } from "./person.mjs";
import { make, plural } from "./dayview.mjs";
import { PASSKEY_LEFT, pinField } from "./lockscreen.mjs";
import * as pin from "./pin.mjs";

export default async function lock(section) {
  if (!pin.isPossible() || !(await whoIsHere())) return;
  const title = section.querySelector("h2");
  const announce = (words) => (document.getElementById("announce").textContent = words);

  async function show() {
    const on = await pin.current();
    section.replaceChildren(title, on ? await whileOn(on) : whileOff());
    section.hidden = false;
  }

  function whileOff() {
    const [card, form, more] = [make("div", "card stack"), make("form", "stack"), make("details")];
    form.noValidate = true;
    const first = pinField("new-pin", "A PIN for this phone", "4 to 12 digits. Not the one of your bank card.");
    const again = pinField("new-pin-again", "The PIN once more");
    const times = choice(5, () => {});
    const button = make("button", "btn primary wide", "Turn on");
    form.append(
      make("p", "muted", "It keeps out people who pick up your phone, not a laboratory with time. Answers that are not sent yet are hidden, not encrypted, so that they can be sent while Neap is locked. Help is always open."),
      first.field, again.field, times, button,
    );
    more.append(make("summary", "btn wide", "Set a PIN"), form);
    card.append(make("p", "", "Off. With it on, Neap asks for a PIN when it is opened on this phone. What the phone keeps for reading is encrypted under it."), more);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const isPin = pin.PIN.test(first.input.value);
      const isSame = first.input.value === again.input.value;
      first.complain(isPin ? "" : "A PIN has 4 to 12 digits.");
      again.complain(!isPin || isSame ? "" : "These two are not the same.");
      if (!isPin || !isSame) return (isPin ? again : first).input.focus();
      button.textContent = "Turning on";
      await pin.turnOn(first.input.value, times.minutes());
      await show();
      announce("The app lock is on.");
    });
    return card;
  }

  async function whileOn(on) {
    const [card, form, way] = [make("div", "card stack"), make("form", "stack"), make("div", "stack")];
    form.noValidate = true;
    const now = make("button", "btn wide", "Lock now");
    now.type = "button";
    const { field, input, complain } = pinField("off-pin", "The PIN, to turn the lock off");
    const button = make("button", "btn wide", "Turn off");
    form.append(field, button);
    card.append(make("p", "", "On. Closing the browser locks too."), choice(on.minutes, pin.setMinutes), now, way, form);
    const passkey = await import("./passkeyparts.mjs").catch(() => null);
    await passkey?.default(way, on);
    now.addEventListener("click", () => self.neap.lock.close());
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const seconds = await pin.wait();
      if (seconds) return complain(`Please wait ${plural(seconds, "second")} before the next try.`);
      button.textContent = "Turning off";
      const isRight = pin.PIN.test(input.value) && (await pin.tryPin(input.value));
      if (!isRight) {
        button.textContent = "Turn off";
        complain("That is not the PIN. The lock stays on.");
        return input.focus();
      }
      const { passkey: left } = (await pin.current()) ?? {};
      await pin.turnOff();
      await show();
      announce("The app lock is off.");
      if (!left) return;
      section.querySelector(".card").append(make("p", "told", PASSKEY_LEFT));
      await import("./passkey.mjs").then(({ drop }) => drop(left.id), () => {});
    });
    return card;
  }

  // Which of the few, and what is done when another is chosen.
  function choice(chosen, act) {
    const group = make("fieldset");
    group.append(make("legend", "", "Lock when Neap was out of sight for"));
    const buttons = make("div", "seg");
    for (const minutes of pin.MINUTES) {
      const button = make("button", "", plural(minutes, "minute"));
      button.type = "button";
      button.addEventListener("click", async () => {
        chosen = minutes;
        paint();
        await act(minutes);
      });
      buttons.append(button);
    }
    const paint = () =>
      [...buttons.children].forEach((button, i) => {
        button.classList.toggle("on", pin.MINUTES[i] === chosen);
        button.setAttribute("aria-pressed", String(pin.MINUTES[i] === chosen));
      });
    paint();
    group.append(buttons);
    group.minutes = () => chosen;
    return group;
  }

  await show();
}
