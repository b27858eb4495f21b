// What lies on this phone, in IndexedDB under the person's id. A classic script, so that pages and the worker
// read the same file. Waiting writes are never dropped by an update: a new version adds stores, it removes none.
(() => {
  const { lock } = self.neap;
  const NAME = "neap";
  const VERSION = 1;
  const DURABLE = { durability: "strict" }; // "Saved on this phone" is said only when the disk has it
  const LOG_DAYS = 35;
  let opened = null;

  function upgrade({ target, oldVersion }) {
    const db = target.result;
    if (oldVersion < 1) {
      db.createObjectStore("outbox", { keyPath: "seq", autoIncrement: true }).createIndex("id", "id");
      db.createObjectStore("log", { keyPath: ["person", "id"] });
      db.createObjectStore("days", { keyPath: ["person", "day"] });
      db.createObjectStore("pages", { keyPath: ["person", "url"] });
      db.createObjectStore("meta", { keyPath: "key" });
    }
  }

  function open() {
    opened ??= new Promise((resolve, reject) => {
      const request = indexedDB.open(NAME, VERSION);
      request.onupgradeneeded = (event) => upgrade(event);
      request.onsuccess = () => {
        // Another tab with a newer version, or the browser itself, may want it closed: it is opened again when asked for.
        request.result.onversionchange = () => request.result.close();
        request.result.onclose = () => (opened = null);
        resolve(request.result);
      };
      request.onerror = () => reject(request.error);
      request.onblocked = () => reject(new Error("blocked"));
    });
    opened.catch(() => (opened = null));
    return opened;
  }

  // One transaction: `work` gets the stores by name and returns a value or a request; resolved when it is on the disk.
  async function transact(names, mode, work) {
    const db = await open();
    return new Promise((resolve, reject) => {
      const tx = db.transaction(names, mode, mode === "readwrite" ? DURABLE : undefined);
      const stores = Object.fromEntries(names.map((name) => [name, tx.objectStore(name)]));
      const made = work(stores, tx);
      tx.oncomplete = () => resolve(made instanceof IDBRequest ? made.result : made);
      tx.onabort = () => reject(tx.error ?? new Error("aborted"));
    });
  }

  const all = (name, range) => transact([name], "readonly", (s) => s[name].getAll(range));
  const ofPerson = (person) => IDBKeyRange.bound([person], [person, []]);

  async function meta(key) {
    return (await transact(["meta"], "readonly", (s) => s.meta.get(key)))?.value;
  }
  const setMeta = (key, value) => transact(["meta"], "readwrite", (s) => s.meta.put({ key, value }));

  // Outbox ------------------------------------------------------------------------------------------

  // What a write's row is called beside the days: a day by its date, anything else by what it is about too; of a word
  // there is one, whenever it was written.
  const keyOf = ({ kind, target, day }) => (kind === "word" ? kind : target ? `${kind}/${target}/${day}` : day);

  // What `made` makes of who is here and what is known of them; null when it made nothing.
  async function add(made) {
    let entry = null;
    await transact(["meta", "outbox"], "readwrite", (s) => {
      const [person, around] = ["person", "around"].map((key) => s.meta.get(key));
      around.onsuccess = () => {
        entry = made(person.result?.value, around.result?.value ?? {});
        if (entry) s.outbox.add(entry).onsuccess = ({ target }) => (entry.seq = target.result);
      };
    });
    return entry;
  }
  const change = (entry) => transact(["outbox"], "readwrite", (s) => s.outbox.put(entry));
  const remove = (seq) => transact(["outbox"], "readwrite", (s) => s.outbox.delete(seq));
  async function waiting(person) {
    return (await all("outbox")).filter((entry) => entry.person === person);
  }

  // Sealed by the app lock ----------------------------------------------------------------------------

  const place = (name, { person, id, url, day }) => [name, person, id ?? url ?? day];

  // A row of what is kept for reading: `clear` stays readable, `secret` is sealed where the lock is on. Whether it is
  // on is asked again in the transaction that writes, and if it has changed meanwhile all of it is done once more.
  async function keep(name, clear, secret, write = (s, row) => s[name].put(row), also = []) {
    const on = await meta("lock");
    const part = on ? { sealed: await lock.seal(on, place(name, clear), secret) } : secret;
    let isDone = false;
    await transact([name, "meta", ...also], "readwrite", (s) => {
      s.meta.get("lock").onsuccess = ({ target: { result } }) => {
        if (result?.value.id !== on?.id) return;
        isDone = true;
        write(s, { ...clear, ...part });
      };
    });
    if (!isDone) await keep(name, clear, secret, write, also);
  }

  // A row as it was given, or undefined while it is sealed and this tab is locked.
  async function unsealed(name, row) {
    if (!row?.sealed) return row;
    const { sealed, after = [], ...clear } = row;
    const [secret, ...patches] = await Promise.all([sealed, ...after].map((one) => lock.open(place(name, row), one)));
    return secret && patches.reduce((known, patch) => (patch ? amended(known, patch) : known), { ...clear, ...secret });
  }

  // An acknowledged entry goes from the outbox to the log in one transaction; what is too old leaves the log.
  function acknowledge({ seq, id, person, body }, { epoch, receipt }, now) {
    const write = (s, row) => {
      s.outbox.delete(seq);
      s.log.put(row);
      prune(s.log, person, epoch, now);
    };
    return keep("log", { person, id, day: keyOf(body), epoch, at: now }, { body, receipt }, write, ["outbox"]);
  }

  // While locked its rows have no body.
  async function log(person) {
    const rows = await all("log", ofPerson(person));
    return Promise.all(rows.map(async (row) => (await unsealed("log", row)) ?? row));
  }

  function prune(log, person, epoch, now) {
    log.openCursor(ofPerson(person)).onsuccess = ({ target: { result: cursor } }) => {
      if (!cursor) return;
      if (cursor.value.epoch === epoch && now - cursor.value.at > LOG_DAYS * 864e5) cursor.delete();
      cursor.continue();
    };
  }

  // The days with a write acknowledged since a moment: what was asked before it is older. Readable while locked.
  async function sentSince(person, at) {
    const rows = await all("log", ofPerson(person));
    return new Set(rows.filter((row) => row.at >= at).map((row) => row.day ?? keyOf(row.body)));
  }

  // The server was restored from a backup: everything sent to its former life goes again, under the same id.
  // False while that is sealed: it waits for the PIN.
  async function sendAgain(person, epoch) {
    const lost = (await log(person)).filter((entry) => entry.epoch !== epoch).sort((a, b) => a.at - b.at);
    if (!lock.isOpen() && lost.some((entry) => !entry.body)) return false;
    await transact(["outbox", "log"], "readwrite", (s) => {
      for (const { id, body, receipt } of lost) {
        if (!body) continue;
        s.log.getKey([person, id]).onsuccess = ({ target: { result } }) => {
          if (!result) return; // another tab was quicker
          s.outbox.add({ id, person, body, receipt, state: "waiting", tries: 0 });
          s.log.delete(result);
        };
      }
    });
    return true;
  }

  // What is known of days and pages -------------------------------------------------------------------

  // Private words that the server has are not kept here.
  function withoutPrivate(day) {
    const hidden = (one) => (one.value?.private ? { ...one, value: { text: null, private: true } } : one);
    const each = (found, change) => Object.fromEntries(Object.entries(found ?? {}).map(([name, one]) => [name, change(one)]));
    return { ...day, values: each(day.values, hidden), conflicts: each(day.conflicts, (all) => all.map(hidden)) };
  }
  const keepDay = (person, day, known) => keep("days", { person, day }, withoutPrivate(known));
  const dayOf = async (person, day) =>
    unsealed("days", await transact(["days"], "readonly", (s) => s.days.get([person, day])));

  // A day as it was kept last, and what of it waits, as they were at one moment.
  async function dayAndWaiting(person, day) {
    const asked = await transact(["days", "outbox"], "readonly", (s) => [s.days.get([person, day]), s.outbox.getAll()]);
    const [row, entries] = asked.map(({ result }) => result);
    const own = entries.filter((e) => e.person === person && keyOf(e.body) === day);
    return [await unsealed("days", row), own];
  }

  const amended = (known, { values, revision }) => {
    const conflicts = Object.entries(known.conflicts ?? {}).filter(([name]) => !(name in values));
    return { ...known, revision, values: { ...known.values, ...values }, conflicts: Object.fromEntries(conflicts) };
  };
  // What an acknowledged write made of its day. While locked it is laid beside what can't be opened.
  async function amendDay(person, day, patch) {
    const blank = { values: {}, conflicts: {}, late: [], written_by: "self" };
    const kept = await transact(["days"], "readonly", (s) => s.days.get([person, day]));
    const known = await unsealed("days", kept);
    if (known || !kept) return keepDay(person, day, amended(known ?? blank, patch));
    return keep("days", { person, day }, withoutPrivate(patch), (s, { sealed }) => {
      s.days.get([person, day]).onsuccess = ({ target: { result: row } }) => {
        if (row?.sealed && sealed) s.days.put({ ...row, after: [...(row.after ?? []), sealed] });
      };
    });
  }

  // The newest pages only: the oldest beyond `most` go.
  function keepPage(person, url, { at, ...page }, most) {
    return keep("pages", { person, url, at }, page, (s, row) => {
      s.pages.put(row);
      s.pages.getAll(ofPerson(person)).onsuccess = ({ target: { result: pages } }) => {
        pages.sort((a, b) => b.at - a.at);
        for (const old of pages.slice(most)) s.pages.delete([person, old.url]);
      };
    });
  }
  const pageOf = async (person, url) =>
    unsealed("pages", await transact(["pages"], "readonly", (s) => s.pages.get([person, url])));

  // The lock goes with the last row that it guards.
  const GUARDED = ["log", "days", "pages"];
  function unlockIfEmpty(s) {
    let rows = 0;
    for (const name of GUARDED) {
      s[name].count().onsuccess = ({ target: { result } }) => {
        rows += result;
        if (name === GUARDED.at(-1) && rows === 0) s.meta.delete("lock");
      };
    }
  }

  // Signing out clears everything of the person but what was not sent (all: that too).
  function forget(person, { unsent = false } = {}) {
    return transact(["outbox", "log", "days", "pages", "meta"], "readwrite", (s) => {
      for (const name of GUARDED) s[name].delete(ofPerson(person));
      s.meta.delete("person");
      s.meta.delete("around");
      unlockIfEmpty(s);
      if (!unsent) return;
      s.outbox.openCursor().onsuccess = ({ target: { result: cursor } }) => {
        if (!cursor) return;
        if (cursor.value.person === person) cursor.delete();
        cursor.continue();
      };
    });
  }

  self.neap ??= {};
  self.neap.store = {
    open, meta, setMeta, keyOf, add, change, remove, waiting, acknowledge, sendAgain, keepDay, amendDay, dayOf, dayAndWaiting, keepPage, pageOf,
    forget, log, sentSince, transact, unsealed, place, GUARDED,
  };
})();
