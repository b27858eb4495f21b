// The app lock, where it is on: what is kept for reading is sealed with a public key, by pages and worker alike, and
// opened with a private one, which lies wrapped by the PIN. Opened, it lives in this tab's memory and sessionStorage.
(() => {
  const subtle = self.crypto?.subtle;
  const root = self.document?.documentElement;
  const CURVE = { name: "ECDH", namedCurve: "P-256" };
  const [FLAG, OPEN] = ["neap-lock", "neap-open"];
  let key = null;
  let timer = null;

  const bytes = (value) => new TextEncoder().encode(JSON.stringify(value));
  // Each seal has a key of its own, so the nonce may be the same; `place` is the store and row that it belongs to.
  const gcm = (place) => ({ name: "AES-GCM", iv: new Uint8Array(12), additionalData: bytes(place) });
  const publicKey = (raw) => subtle.importKey("raw", raw, CURVE, false, []);

  async function agreed(mine, theirs, salt) {
    const bits = await subtle.deriveBits({ name: "ECDH", public: theirs }, mine, 256);
    const base = await subtle.importKey("raw", bits, "HKDF", false, ["deriveKey"]);
    const hkdf = { name: "HKDF", hash: "SHA-256", salt, info: bytes("neap lock 1") };
    return subtle.deriveKey(hkdf, base, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  }

  async function seal(lock, place, value) {
    const once = await subtle.generateKey(CURVE, false, ["deriveBits"]);
    const from = await subtle.exportKey("raw", once.publicKey);
    const aes = await agreed(once.privateKey, await publicKey(lock.public), from);
    return { from, text: await subtle.encrypt(gcm(place), aes, bytes(value)) };
  }

  // Undefined while locked, in the worker always, and where it is not ours.
  async function open(place, { from, text }) {
    try {
      const aes = await agreed(await key, await publicKey(from), from);
      return JSON.parse(new TextDecoder().decode(await subtle.decrypt(gcm(place), aes, text)));
    } catch {
      return undefined;
    }
  }

  // This tab ------------------------------------------------------------------------------------------

  const minutes = () => Number(localStorage.getItem(FLAG));
  const held = () => JSON.parse(sessionStorage.getItem(OPEN));
  const hold = (what) => sessionStorage.setItem(OPEN, JSON.stringify({ ...what, used: Date.now() }));

  function load() {
    const text = held()?.key;
    if (!text) return;
    const pkcs8 = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    key = subtle.importKey("pkcs8", pkcs8, CURVE, false, ["deriveBits"]);
  }
  function enter(pkcs8) {
    hold({ key: btoa(String.fromCharCode(...new Uint8Array(pkcs8))) });
    load();
    delete root.dataset.locked;
  }
  function leave() {
    key = null;
    sessionStorage.removeItem(OPEN);
  }
  function close() {
    leave();
    root.dataset.locked = "";
    document.dispatchEvent(new Event("neap:locked"));
  }

  function seen() {
    clearTimeout(timer);
    if (!key || !minutes()) return;
    if (document.visibilityState === "hidden") {
      hold(held());
      timer = setTimeout(close, minutes() * 60000);
    } else if (!(Math.abs(Date.now() - held()?.used) <= minutes() * 60000)) close();
  }

  if (root) {
    try {
      load();
      document.addEventListener("visibilitychange", seen);
      window.addEventListener("pagehide", () => key && document.visibilityState === "visible" && hold(held()));
      // Turned on in another tab: this one has no key.
      window.addEventListener("storage", (event) => event.key === FLAG && event.newValue && !key && close());
    } catch {
      // storage is closed: there is no lock here
    }
  }

  self.neap ??= {};
  self.neap.lock = { seal, open, enter, leave, close, FLAG, isOpen: () => key !== null };
})();
