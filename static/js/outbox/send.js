// The outbox: every write goes to IndexedDB first and then to the server, once, whatever happens on the way.
// The protocol is version 1; the numbers in comments are its lines. A classic script: pages and the worker share it.
(() => {
  const { store } = self.neap;
  const VERSION = 1;
  const URL_OF = "/api/v1/sync/";
  const PATIENCE = 15000;
  const MOST_WAIT = 300;
  const CLOCK_TOLERANCE = 600000;
  const BESIDE = /_private$|^written_by$|^help_shown$/; // what belongs to another field, or to the write
  const PASSED_BY_AFTER = 8;
  const SAYING = 60;
  const HELD = new Set([400, 404, 405, 413, 415, 422]);
  const HEADERS = { "Content-Type": "application/json", "Neap-Client": "1" };
  const channel = "BroadcastChannel" in self ? new BroadcastChannel("neap-outbox") : null;
  const listeners = new Set();
  let failures = 0;
  let timer = null;

  // What happened, told to every open page: recorded, acknowledged, held, waiting, signed-out, other-person, update.
  function tell(what, more = {}) {
    const event = { what, ...more };
    for (const listener of listeners) listener(event);
    channel?.postMessage(event);
  }
  channel?.addEventListener("message", ({ data }) => {
    for (const listener of listeners) listener(data);
  });

  const skewed = async () => Date.now() + ((await store.meta("skew")) ?? 0);
  const iso = (ms) => new Date(ms).toISOString();

  // Recording ----------------------------------------------------------------------------------------

  // `fields` by the form's names, as text; `base` by field the ids that the screen showed (5).
  async function record({ id = crypto.randomUUID(), kind = "day", target, day, fields, base = {} }) {
    const entry = await store.add((person, around) => {
      if (!person) return null;
      const body = {
        version: VERSION, person, device: around.device ?? "A phone", kind, target, day,
        zone: around.zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
        recorded_at: iso(Date.now()), base, fields,
      };
      return { id, person, body, state: "waiting", tries: 0 };
    });
    if (!entry) throw new Error("nobody is signed in here");
    tell("recorded", { id: entry.id, day });
    soon();
    return entry;
  }

  // A held write, mended: another id, the moment and zone of the first one (18).
  async function mend(entry, fields, day = entry.body.day) {
    const body = { ...entry.body, fields, day };
    await store.change({ ...entry, id: crypto.randomUUID(), body, state: "waiting", tries: 0, why: undefined });
    tell("recorded", { day });
    soon();
  }

  // That it is kept is said first; sending waits until that stands on the screen.
  function soon() {
    setTimeout(flush, SAYING);
    askForSync();
  }

  async function askForSync() {
    try {
      const registration = await navigator.serviceWorker?.ready;
      await registration?.sync?.register("outbox");
    } catch {
      // where there is no Background Sync the page itself sends, at every chance
    }
  }

  // Sending ------------------------------------------------------------------------------------------

  let running = null;
  let isWanted = false;
  // One flusher among all tabs and the worker (20); a call while one runs is answered by one more round.
  function flush() {
    isWanted = true;
    running ??= rounds().finally(() => (running = null));
    return running;
  }

  async function rounds() {
    let again = null;
    while (isWanted) {
      isWanted = false;
      again = await (navigator.locks ? navigator.locks.request("neap-outbox", round) : round());
    }
    later(again);
  }

  // Seconds until another try is worth it, or null for none.
  async function round() {
    const person = await store.meta("person");
    if (!person) return null;
    const passed = new Set();
    for (;;) {
      const ready = (await store.waiting(person)).filter((e) => e.state === "waiting" && !passed.has(groupOf(e)));
      const next = ready.find(isSafety) ?? ready[0];
      if (!next) return passed.size ? backoff() : done();
      const verdict = await send(next);
      if (verdict.stop) return verdict.after;
      if (verdict.pass) passed.add(groupOf(next));
    }
  }

  // First in, first out per kind, target and day; an answer at which help was shown goes before all others.
  const isSafety = ({ body }) => "help_shown" in body.fields;
  const groupOf = (entry) => store.keyOf(entry.body) + isSafety(entry);

  function done() {
    failures = 0;
    return null;
  }
  function backoff(least = 0) {
    failures += 1;
    return Math.max(least, Math.random() * Math.min(2 ** failures, MOST_WAIT)); // full jitter (19)
  }

  async function send(entry) {
    const answer = await put(entry);
    if (answer === null) return unreached();
    const { status, body } = answer;
    if (status === 200) return acknowledged(entry, body);
    if (status === 425 && !isFresh(entry.skewed)) return learnSkew(entry, body);
    if (status === 409 && !entry.renamed) return rename(entry);
    if (status === 409 || HELD.has(status)) return hold(entry, status, body);
    if (status === 401) return signedOut(body);
    if (status === 403) return stop(body.error === "other_person" ? "other-person" : "refused-here");
    if (status === 426) return stop("update");
    if (status === 425 || status === 429 || status === 503) return unreached(answer.after);
    return waits(entry);
  }

  function stop(what, after = null) {
    tell(what);
    return { stop: true, after };
  }
  function unreached(least) {
    const after = backoff(least);
    return stop("waiting", after);
  }

  // Only JSON of ours counts as an answer, fetched without redirects (16): a portal's page is none.
  async function put(entry) {
    const skew = (await store.meta("skew")) ?? 0;
    const sent = { ...entry.body, sent_at: iso(Date.now()), skew };
    if (entry.receipt) sent.receipt = entry.receipt;
    try {
      const response = await fetch(URL_OF + entry.id, {
        method: "PUT", headers: HEADERS, body: JSON.stringify(sent), redirect: "error", cache: "no-store",
        credentials: "same-origin", signal: AbortSignal.timeout(PATIENCE),
      });
      const body = await response.json();
      const after = Number(response.headers.get("Retry-After")) || 0;
      return isOurs(response.status, body, entry) ? { status: response.status, body, after } : null;
    } catch {
      return null;
    }
  }

  function isOurs(status, body, entry) {
    if (body === null || typeof body !== "object" || Array.isArray(body)) return false;
    if (status === 200) return body.id === entry.id && typeof body.epoch === "string" && "outcome" in body;
    return "error" in body || "fields" in body || "min" in body || "now" in body;
  }

  async function acknowledged(entry, answer) {
    failures = 0;
    await store.acknowledge(entry, answer, Date.now());
    await store.setMeta("sent_at", Date.now());
    await known(entry, answer);
    await meet(entry.person, answer.epoch);
    const isSuperseded = Object.values(answer.outcome).includes("superseded");
    tell("acknowledged", { id: entry.id, day: store.keyOf(entry.body), superseded: isSuperseded });
    return {};
  }

  // What the server now shows for these fields; another phone's answers come with the next look at the day.
  async function known({ id, person, body }, { revision, outcome, now }) {
    const applied = Object.keys(outcome).filter((name) => outcome[name] === "applied");
    const values = Object.fromEntries(applied.map((n) => [n, { value: plain(n, body), ids: [id] }]));
    if (isSafety({ body })) values.help_shown = { value: now, ids: [] }; // when the clinic was told
    await store.amendDay(person, store.keyOf(body), { values, revision });
  }

  // The server's epoch: another one means that it was restored and may lack what it had acknowledged (21).
  async function meet(person, epoch) {
    const former = await store.meta("epoch");
    if (former !== epoch) {
      if (former && !(await store.sendAgain(person, epoch))) return; // sealed: it waits for the PIN
      await store.setMeta("epoch", epoch);
    }
  }

  async function learnSkew(entry, { now }) {
    await store.setMeta("skew", Date.parse(now) - Date.now());
    await store.change({ ...entry, skewed: Date.now() });
    return {};
  }

  const isFresh = (at) => at !== undefined && Math.abs(Date.now() - at) < 60000;

  async function rename(entry) {
    await store.change({ ...entry, id: crypto.randomUUID(), renamed: true });
    tell("renamed");
    return {};
  }

  async function hold(entry, status, { error, fields, day }) {
    await store.change({ ...entry, state: "held", why: { status, error, fields: fields ?? {}, day } });
    tell("held", { id: entry.id, day: entry.body.day });
    return {};
  }

  async function waits(entry) {
    const tries = entry.tries + 1;
    await store.change({ ...entry, tries });
    return tries >= PASSED_BY_AFTER ? { pass: true } : unreached();
  }

  async function signedOut({ wipe, erased }) {
    if (wipe) await store.forget(await store.meta("person"), { unsent: erased === true });
    return stop("signed-out");
  }

  function later(seconds) {
    clearTimeout(timer);
    timer = seconds === null || seconds === undefined ? null : setTimeout(flush, seconds * 1000);
  }

  // Looking ------------------------------------------------------------------------------------------

  // A field's typed texts as the server keeps the value.
  function plain(name, { kind, day, fields }) {
    const text = fields[name];
    if (kind === "word") return text.trim() ? { text, on: day } : null;
    const privacy = fields[`${name}_private`];
    if (privacy !== undefined || name === "note") return text?.trim() ? { text, private: privacy !== "no" } : null;
    if (kind !== "day") return text || null;
    if (name === "unwell" || name.startsWith("factor_")) return text === "yes";
    if (name === "regions") return text || null;
    if (name === "sleep_hours") return hours(text);
    return text === "" ? null : Number(text);
  }
  function hours(text) {
    if (text === "") return null;
    const [h, m] = text.split(":");
    return m === undefined ? Number(h.replace(",", ".")) : Number(h) + Number(m) / 60;
  }

  // The last days anew; what was acknowledged since it was asked is newer than the answer (1).
  async function look(from, to) {
    const person = await store.meta("person");
    if (!person) return false;
    const asked = Date.now();
    try {
      const query = new URLSearchParams({ person, ...(from && { from }), ...(to && { to }) });
      const response = await fetch(`${URL_OF}days?${query}`, {
        headers: { "Neap-Client": "1" }, redirect: "error", cache: "no-store", signal: AbortSignal.timeout(PATIENCE),
      });
      const answer = await response.json();
      if (response.status === 401) return void (await signedOut(answer));
      if (response.status !== 200 || answer.person !== person) return false;
      const since = await store.sentSince(person, asked);
      const kept = { ...answer.days, ...answer.checkins, plan: answer.plan };
      for (const [day, found] of Object.entries(kept)) if (found && !since.has(day)) await store.keepDay(person, day, found);
      const off = Date.parse(answer.now) - Date.now();
      if (Math.abs(off - ((await store.meta("skew")) ?? 0)) > CLOCK_TOLERANCE) await store.setMeta("skew", off);
      await meet(person, answer.epoch);
      await store.setMeta("looked_at", Date.now());
      tell("looked");
      return true;
    } catch {
      return false;
    }
  }

  // A day as this phone shows it: what the server said, under what waits here; and by field the ids that it shows.
  async function shown(person, day) {
    const [kept, entries] = await store.dayAndWaiting(person, day);
    const known = kept ?? { values: {}, conflicts: {}, late: [], written_by: "self" };
    const own = entries.filter((e) => !e.receipt);
    const values = {};
    const base = {};
    for (const [name, { value, ids }] of Object.entries(known.values)) {
      values[name] = value;
      base[name] = ids;
    }
    const late = known.late ?? [];
    const start = { day, values, base, conflicts: known.conflicts ?? {}, late, writtenBy: known.written_by, waiting: 0, held: [] };
    return own.reduce(laid, start);
  }

  // The same day with one more entry over it.
  function laid(state, entry) {
    const [values, base, conflicts] = [{ ...state.values }, { ...state.base }, { ...state.conflicts }];
    const { fields, base: named } = entry.body;
    for (const name of Object.keys(fields)) {
      if (BESIDE.test(name)) continue;
      values[name] = plain(name, entry.body);
      base[name] = [...new Set([...(base[name] ?? []), ...(named[name] ?? []), entry.id])];
      delete conflicts[name];
    }
    const isHeld = entry.state === "held";
    return {
      ...state, values, base, conflicts, writtenBy: fields.written_by ?? state.writtenBy,
      untold: state.untold || isSafety(entry),
      waiting: state.waiting + !isHeld, held: isHeld ? [...state.held, entry] : state.held,
    };
  }

  self.neap.outbox = {
    record, mend, flush, look, shown, laid, tell, now: skewed,
    listen: (listener) => void listeners.add(listener),
  };
})();
