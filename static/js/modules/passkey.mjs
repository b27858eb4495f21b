// A second way into the app lock: a passkey of this phone, whose PRF output wraps the same private key as the PIN does.
// It is between the person and her phone: no server asks for it, and none is told of it.
import * as pin from "./pin.mjs";

export const NAME = "Neap on this phone";
const { subtle } = globalThis.crypto;
const random = (n) => crypto.getRandomValues(new Uint8Array(n));
const bytes = (text) => new TextEncoder().encode(text);
const isRefused = ({ name }) => name === "NotAllowedError" || name === "AbortError"; // or she thought better of it
let half = null; // made, and able, but its secret is not had yet

export async function isPossible() {
  const api = self.PublicKeyCredential;
  try {
    const can = await api.getClientCapabilities?.();
    return can?.["extension:prf"] !== false && (await api.isUserVerifyingPlatformAuthenticatorAvailable());
  } catch {
    return false;
  }
}

// Phones give a PRF to passkeys that they list only, so it is "preferred" that this be one.
async function create(lock) {
  const salt = random(32);
  const publicKey = {
    rp: { id: location.hostname, name: "Neap" },
    user: { id: random(16), name: NAME, displayName: NAME },
    challenge: random(32),
    pubKeyCredParams: [-7, -257].map((alg) => ({ type: "public-key", alg })),
    authenticatorSelection: { authenticatorAttachment: "platform", residentKey: "preferred", userVerification: "required" },
    extensions: { prf: { eval: { first: salt } } },
  };
  const made = await navigator.credentials.create({ publicKey });
  const { prf } = made.getClientExtensionResults();
  return { lock, id: made.rawId, prf: salt, isAble: prf?.enabled === true, secret: prf?.results?.first };
}

// Undefined where the passkey has no PRF.
async function secretOf({ id, prf }, signal) {
  const publicKey = {
    rpId: location.hostname,
    challenge: random(32),
    allowCredentials: [{ type: "public-key", id, transports: ["internal"] }],
    userVerification: "required",
    extensions: { prf: { eval: { first: prf } } },
  };
  const given = await navigator.credentials.get({ publicKey, signal });
  return given.getClientExtensionResults().prf?.results?.first;
}

async function keyOf(secret, salt) {
  const base = await subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]);
  const hkdf = { name: "HKDF", hash: "SHA-256", salt, info: bytes("neap lock passkey 1") };
  return subtle.deriveKey(hkdf, base, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}
const gcm = (lock, iv) => ({ name: "AES-GCM", iv, additionalData: bytes(lock) });

// "on", "refused", "unable", or "again": many phones give the secret at the second asking only, and some want a touch for it.
export async function turnOn({ on, pkcs8 }) {
  try {
    if (half?.lock !== on.id) half = await create(on.id);
    const { id, prf, isAble } = half;
    const secret = isAble && (half.secret ?? (await secretOf(half)));
    half = null;
    if (!secret) {
      drop(id);
      return "unable";
    }
    const [salt, iv] = [random(32), random(12)];
    const wrapped = await subtle.encrypt(gcm(on.id, iv), await keyOf(secret, salt), pkcs8);
    if (await pin.amend(on.id, { passkey: { id, prf, salt, iv, wrapped } })) return "on";
    drop(id); // the lock was turned off meanwhile
    return "refused";
  } catch (error) {
    if (isRefused(error)) return half ? "again" : "refused";
    half = null;
    return "unable";
  }
}

// "open", and then this tab is; "refused"; or "broken". No try of the PIN is counted.
export async function open(on, signal) {
  try {
    const secret = await secretOf(on.passkey, signal);
    const { id, passkey } = (await pin.current()) ?? {};
    if (id !== on.id || !passkey) return "broken"; // taken away in another tab
    const key = await keyOf(secret, passkey.salt);
    self.neap.lock.enter(await subtle.decrypt(gcm(id, passkey.iv), key, passkey.wrapped));
    return "open";
  } catch (error) {
    return isRefused(error) ? "refused" : "broken";
  }
}

export async function turnOff({ id, passkey }) {
  await pin.amend(id, { passkey: undefined });
  drop(passkey.id);
}

// Where the browser can, the phone's list loses it; else it stays there and opens nothing.
export function drop(id) {
  const text = btoa(String.fromCharCode(...new Uint8Array(id)));
  const credentialId = text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const told = self.PublicKeyCredential?.signalUnknownCredential?.({ rpId: location.hostname, credentialId });
  told?.catch(() => {});
}
