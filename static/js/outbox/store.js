// What lies on this phone, in IndexedDB under the person's id. A classic script, so that pages and the worker
// read the same file. Waiting writes are never dropped by an update: a new version adds stores, it removes none.
(() => {
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

  const add = (entry) => transact(["outbox"], "readwrite", (s) => s.outbox.add(entry));
  const change = (entry) => transact(["outbox"], "readwrite", (s) => s.outbox.put(entry));
  const remove = (seq) => transact(["outbox"], "readwrite", (s) => s.outbox.delete(seq));
  async function waiting(person) {
    return (await all("outbox")).filter((entry) => entry.person === person);
  }

  // An acknowledged entry goes from the outbox to the log in one transaction; what is too old leaves the log.
  function acknowledge(entry, answer, now) {
    return transact(["outbox", "log"], "readwrite", (s) => {
      s.outbox.delete(entry.seq);
      const { id, person, body } = entry;
      const { epoch, receipt } = answer;
      s.log.put({ person, id, body, epoch, receipt, at: now });
      prune(s.log, person, epoch, now);
    });
  }

  function prune(log, person, epoch, now) {
    log.openCursor(ofPerson(person)).onsuccess = ({ target: { result: cursor } }) => {
      if (!cursor) return;
      if (cursor.value.epoch === epoch && now - cursor.value.at > LOG_DAYS * 864e5) cursor.delete();
      cursor.continue();
    };
  }

  // The server was restored from a backup: everything sent to its former life goes again, under the same id.
  function sendAgain(person, epoch) {
    return transact(["outbox", "log"], "readwrite", (s) => {
      s.log.getAll(ofPerson(person)).onsuccess = ({ target: { result: sent } }) => {
        const lost = sent.filter((entry) => entry.epoch !== epoch).sort((a, b) => a.at - b.at);
        for (const { id, body, receipt } of lost) {
          s.outbox.add({ id, person, body, receipt, state: "waiting", tries: 0 });
          s.log.delete([person, id]);
        }
      };
    });
  }

  // What is known of days and pages -------------------------------------------------------------------

  // A private note that the server has is not kept here.
  function withoutPrivate(day) {
    const note = day.values?.note;
    const hidden = (value) => (value?.private ? { text: null, private: true } : value);
    if (!note) return day;
    const conflicts = { ...day.conflicts };
    if (conflicts.note) conflicts.note = conflicts.note.map((c) => ({ ...c, value: hidden(c.value) }));
    return { ...day, values: { ...day.values, note: { ...note, value: hidden(note.value) } }, conflicts };
  }
  const keepDay = (person, day, known) =>
    transact(["days"], "readwrite", (s) => s.days.put({ ...withoutPrivate(known), person, day }));
  const dayOf = (person, day) => transact(["days"], "readonly", (s) => s.days.get([person, day]));
  // The newest pages only: the oldest beyond `most` go.
  function keepPage(person, url, page, most) {
    return transact(["pages"], "readwrite", (s) => {
      s.pages.put({ ...page, person, url });
      s.pages.getAll(ofPerson(person)).onsuccess = ({ target: { result: pages } }) => {
        pages.sort((a, b) => b.at - a.at);
        for (const old of pages.slice(most)) s.pages.delete([person, old.url]);
      };
    });
  }
  const pageOf = (person, url) => transact(["pages"], "readonly", (s) => s.pages.get([person, url]));

  // Signing out clears everything of the person but what was not sent (all: that too).
  function forget(person, { unsent = false } = {}) {
    return transact(["outbox", "log", "days", "pages", "meta"], "readwrite", (s) => {
      for (const name of ["log", "days", "pages"]) s[name].delete(ofPerson(person));
      s.meta.delete("person");
      s.meta.delete("around");
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
    open, meta, setMeta, add, change, remove, waiting, acknowledge, sendAgain, keepDay, dayOf, keepPage, pageOf, forget,
    log: (person) => all("log", ofPerson(person)),
  };
})();
