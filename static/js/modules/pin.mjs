// The PIN of the app lock: the keys it guards, what a wrong one costs, and sealing and opening what lies here.
const ROUNDS = 600000;
const MOST_WAIT = 300;
const KEY = "lock";
const TRIES = "lock_tries";
const CURVE = { name: "ECDH", namedCurve: "P-256" };
export const MINUTES = [1, 5, 15];
export const PIN = /^\d{4,12}$/;

const random = (n) => crypto.getRandomValues(new Uint8Array(n));
const { subtle } = globalThis.crypto;

export const isPossible = () => Boolean(subtle && self.neap?.store);
export const current = () => self.neap.store.meta(KEY);

async function keyOf(pin, salt, rounds) {
  const base = await subtle.importKey("raw", new TextEncoder().encode(pin), "PBKDF2", false, ["deriveKey"]);
  const pbkdf2 = { name: "PBKDF2", hash: "SHA-256", salt, iterations: rounds };
  return subtle.deriveKey(pbkdf2, base, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

// From the moment that the lock stands, every writer seals; then what lies here already is sealed too.
export async function turnOn(pin, minutes) {
  const { store, lock } = self.neap;
  const pair = await subtle.generateKey(CURVE, true, ["deriveBits"]);
  const pkcs8 = await subtle.exportKey("pkcs8", pair.privateKey);
  const [salt, iv] = [random(16), random(12)];
  const wrapped = await subtle.encrypt({ name: "AES-GCM", iv }, await keyOf(pin, salt, ROUNDS), pkcs8);
  const raw = await subtle.exportKey("raw", pair.publicKey);
  await store.setMeta(TRIES, { failed: 0, until: 0 });
  lock.enter(pkcs8);
  await store.setMeta(KEY, { id: crypto.randomUUID(), minutes, public: raw, salt, iv, rounds: ROUNDS, wrapped });
  localStorage.setItem(lock.FLAG, minutes); // other tabs close on it
  const around = await store.meta("around");
  if (around) await store.setMeta("around", { ...around, infusion: null });
  await sealRest();
}

// What lies here readable, from before or from an older Neap; done again at each start until there is none.
export async function sealRest() {
  const { store, lock } = self.neap;
  const on = await current();
  for (const name of store.GUARDED) {
    const rows = await store.transact([name], "readonly", (s) => s[name].getAll());
    for (const row of rows.filter((one) => !one.sealed)) {
      const [clear, secret] = parted(name, row);
      const sealed = await lock.seal(on, store.place(name, row), secret);
      await store.transact([name, "meta"], "readwrite", (s) => {
        s.meta.get(KEY).onsuccess = ({ target: { result } }) => {
          if (result?.value.id !== on.id) return;
          s[name].get(s[name].keyPath.map((part) => row[part])).onsuccess = ({ target: { result: now } }) => {
            if (now && JSON.stringify(now) === JSON.stringify(row)) s[name].put({ ...clear, sealed });
          };
        };
      });
    }
  }
}

function parted(name, row) {
  const { person, id, day, url, at, epoch, ...secret } = row;
  if (name === "days") return [{ person, day }, secret];
  if (name === "pages") return [{ person, url, at }, secret];
  return [{ person, id, day: day ?? row.body.day, epoch, at }, secret];
}

// Seconds until the next try may be made. A clock set back makes it no longer than the longest wait.
export async function wait() {
  const { until = 0 } = (await self.neap.store.meta(TRIES)) ?? {};
  return Math.min(MOST_WAIT, Math.max(0, Math.ceil((until - Date.now()) / 1000)));
}

// A try is counted before it is made, and taken back when it was right: closing Neap in between gains nothing.
async function count() {
  let mayTry = false;
  await self.neap.store.transact(["meta"], "readwrite", (s) => {
    s.meta.get(TRIES).onsuccess = ({ target: { result } }) => {
      const { failed = 0, until = 0 } = result?.value ?? {};
      if (until > Date.now() && until - Date.now() <= MOST_WAIT * 1000) return;
      mayTry = true;
      const seconds = Math.min(2 ** failed, MOST_WAIT);
      s.meta.put({ key: TRIES, value: { failed: failed + 1, until: Date.now() + seconds * 1000 } });
    };
  });
  return mayTry;
}

// The lock and the private key behind the PIN; null where it was wrong.
export async function behind(pin) {
  const on = await current();
  if (!on || !(await count())) return null;
  let pkcs8;
  try {
    const key = await keyOf(pin, on.salt, on.rounds);
    pkcs8 = await subtle.decrypt({ name: "AES-GCM", iv: on.iv }, key, on.wrapped);
  } catch {
    return null;
  }
  await self.neap.store.setMeta(TRIES, { failed: 0, until: 0 });
  return { on, pkcs8 };
}

// True where it was right, and then this tab is open.
export async function tryPin(pin) {
  const found = await behind(pin);
  if (found) self.neap.lock.enter(found.pkcs8);
  return Boolean(found);
}

// True where that lock still stands: another tab may have turned it off.
export async function amend(id, part) {
  let isSame = false;
  await self.neap.store.transact(["meta"], "readwrite", (s) => {
    s.meta.get(KEY).onsuccess = ({ target: { result } }) => {
      isSame = Boolean(result) && result.value.id === id;
      if (isSame) s.meta.put({ key: KEY, value: { ...result.value, ...part } });
    };
  });
  return isSame;
}

export async function setMinutes(minutes) {
  const { id } = (await current()) ?? {};
  if (await amend(id, { minutes })) localStorage.setItem(self.neap.lock.FLAG, minutes);
}

// All of it is opened and the lock taken away in one transaction; what was written meanwhile has it done once more.
export async function turnOff() {
  const { store, lock } = self.neap;
  const found = {};
  for (const name of store.GUARDED) {
    const rows = await store.transact([name], "readonly", (s) => s[name].getAll());
    const readable = await Promise.all(rows.map((row) => store.unsealed(name, row)));
    found[name] = rows.map((row, i) => [stamp(row), readable[i]]);
  }
  let isSame = true;
  await store.transact([...store.GUARDED, "meta"], "readwrite", (s, tx) => {
    let left = store.GUARDED.length;
    for (const name of store.GUARDED) {
      s[name].getAll().onsuccess = ({ target: { result: rows } }) => {
        isSame &&= rows.length === found[name].length && rows.every((row, i) => stamp(row) === found[name][i][0]);
        left -= 1;
        if (left || !isSame) return;
        for (const one of store.GUARDED) {
          s[one].clear();
          for (const [, row] of found[one]) if (row) s[one].put(row);
        }
        s.meta.delete(KEY);
        s.meta.delete(TRIES);
      };
    }
  });
  if (!isSame) return turnOff();
  uncover();
  lock.leave();
}
const hex = (one) => (one ? String.fromCharCode(...new Uint8Array(one.from)) : "");
const stamp = ({ sealed, after = [], ...clear }) => [JSON.stringify(clear), hex(sealed), ...after.map(hex)].join("|");

// The PIN is forgotten: what it sealed goes, with the lock. What waits to be sent was never sealed, and stays.
export async function lose() {
  const { store, lock } = self.neap;
  await store.transact([...store.GUARDED, "meta"], "readwrite", (s) => {
    for (const name of store.GUARDED) s[name].clear();
    for (const key of [KEY, TRIES, "person", "around"]) s.meta.delete(key);
  });
  localStorage.removeItem(lock.FLAG);
  lock.leave();
}

export function uncover() {
  localStorage.removeItem(self.neap.lock.FLAG);
  delete document.documentElement.dataset.locked;
}
