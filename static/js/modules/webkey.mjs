// Passkeys for signing in: asks the server what to ask, asks the phone, and sends what it said as a plain form.
// (The app lock's own passkey is passkey.mjs, and no server knows of it.)
const TOLD = {
  NotAllowedError: "Nothing was shown to Neap. Please try once more, or choose another way.",
  InvalidStateError: "This device has a passkey for Neap already.",
  SecurityError: "Passkeys do not work at this address.",
};
const OTHERWISE = "That did not work here. Please choose another way.";

const toBytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

function read(options) {
  options.challenge = toBytes(options.challenge);
  for (const name of ["allowCredentials", "excludeCredentials"]) {
    options[name] = (options[name] ?? []).map((one) => ({ ...one, id: toBytes(one.id) }));
  }
  if (options.user) options.user.id = toBytes(options.user.id);
  return options;
}

function written({ rawId, response }) {
  const said = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[name]) said[name] = toText(response[name]);
  }
  const transports = response.getTransports?.();
  if (transports) said.transports = transports;
  const id = toText(rawId);
  return JSON.stringify({ id, rawId: id, type: "public-key", response: said });
}

export default function webkey(form) {
  if (!self.PublicKeyCredential || /^[\d.]+$|^\[/.test(location.hostname)) return;
  // A form that can be sent without a passkey too has a button for it, and what is hidden without one.
  const own = form.querySelector(".withkey");
  (own ?? form).hidden = false;
  if (!own) form.parentElement.classList.add("has-key");
  const told = form.querySelector(".told");
  let isDecided = false;
  let isBusy = false;

  async function ask() {
    const { asks, challenge } = form.dataset;
    const { csrf_token } = form.elements;
    const body = new URLSearchParams(own ? new FormData(form) : { csrf_token: csrf_token.value });
    const reply = await fetch(challenge, { method: "POST", body, redirect: "error" });
    if (reply.status === 429) {
      told.textContent = "Too many tries. Please wait a little before the next one.";
      return;
    }
    if (reply.status === 422) return send(); // the page says what is wrong, at its field
    if (!reply.ok) return location.reload(); // signed out meanwhile, or the page is old
    const options = await reply.json();
    if (options.prove) return location.assign(options.prove);
    const publicKey = read(options);
    form.elements.answer.value = written(await navigator.credentials[asks]({ publicKey }));
    send();
  }

  function send() {
    isDecided = true;
    if (own) form.elements.way.value = "passkey";
    form.requestSubmit();
  }

  form.addEventListener("submit", (event) => {
    if (isDecided || own) return;
    event.preventDefault();
    begin();
  });
  own?.querySelector("button").addEventListener("click", begin);

  async function begin() {
    if (isBusy) return;
    isBusy = true;
    told.textContent = "";
    try {
      await ask();
    } catch (error) {
      if (error instanceof TypeError) return location.reload(); // was led elsewhere: it has to be proved again
      told.textContent = TOLD[error.name] ?? OTHERWISE;
    } finally {
      isBusy = false;
    }
  }
}
