// This phone as a place for reminders: what it can do, whether it is on, and switching it.
import { whoIsHere } from "./person.mjs";

const URL_OF = "/api/v1/reminders/";
const PATIENCE = 15000;

export const isApple = () => /iPhone|iPad|iPod/.test(navigator.userAgent) || (/Mac/.test(navigator.platform) && navigator.maxTouchPoints > 1);
export const isInstalled = () => matchMedia("(display-mode: standalone)").matches || Boolean(navigator.standalone);

export const registered = async () => (await navigator.serviceWorker?.getRegistration("/")) ?? null;

export async function tell(what, body, method = "POST") {
  const response = await fetch(URL_OF + what, {
    method, headers: { "Content-Type": "application/json", "Neap-Client": "1" }, body: JSON.stringify(body),
    redirect: "error", cache: "no-store", signal: AbortSignal.timeout(PATIENCE),
  });
  const answer = await response.json();
  if (response.status !== 200 || typeof answer.state !== "string") throw new Error(`refused: ${response.status}`);
  return answer;
}

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const isMadeFor = ({ options }, key) => {
  const own = options?.applicationServerKey;
  return !own || String(new Uint8Array(own)) === String(bytes(key));
};

// Subscribed, and the server knows it; throws where either can't be.
export async function begin(person, key) {
  const registration = await navigator.serviceWorker.ready;
  let found = await registration.pushManager.getSubscription();
  if (found && !isMadeFor(found, key)) {
    await found.unsubscribe();
    found = null;
  }
  found ??= await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(key) });
  const { endpoint, keys } = found.toJSON();
  const answer = await tell("phone", { person, endpoint, keys }, "PUT");
  await self.neap.store.setMeta("push", { person, endpoint, key });
  return answer;
}

export async function end(person) {
  const found = await (await registered())?.pushManager?.getSubscription();
  const endpoint = found?.endpoint ?? (await self.neap.store.meta("push"))?.endpoint;
  await self.neap.store.setMeta("push", null);
  if (endpoint) await tell("phone/end", { person, endpoint }).catch(() => {}); // the push service says it too
  await found?.unsubscribe();
}

// At each opening: whether the server still knows this phone. Where it lost it, or the browser did, it is told anew;
// only as the person who switched it on, and never where the phone's owner has said no.
export async function check() {
  const person = await whoIsHere();
  const mine = person && (await self.neap.store.meta("push"));
  if (!mine || mine.person !== person || self.Notification?.permission !== "granted") return { state: "off" };
  const found = await (await registered())?.pushManager?.getSubscription();
  const answer = await tell("phone/check", { person, endpoint: found?.endpoint ?? "" });
  if (answer.state === "live" && isMadeFor(found, answer.key)) return answer;
  if (answer.state === "ended" && found) return answer; // switched off from elsewhere
  return answer.key ? begin(person, answer.key) : answer;
}
