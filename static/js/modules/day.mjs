// A day on the phone: every answer goes to the outbox first, so that it is kept whatever the network does.
// Without IndexedDB the form stays as it is, and modules/saving.mjs says what became of it.
import { wrong } from "./checks.mjs";
import { paintConflicts } from "./conflicts.mjs";
import { whoIsHere } from "./person.mjs";
import * as view from "./dayview.mjs";


const TROUBLE = new Set(["waiting", "signed-out", "other-person", "refused-here", "update"]);
const PAGE_ONLY = new Set(["csrf_token", "base", "write_id"]);

export default async function day(form) {
  const person = await whoIsHere();
  if (!person) return void (await import("./saving.mjs")).default(form);
  const { store, outbox } = self.neap;
  if ("shell" in form.dataset && !(await (await import("./shellday.mjs")).default(form))) return;
  const on = form.dataset.day;
  const around = (await store.meta("around")) ?? {};
  const announce = (words) => (document.getElementById("announce").textContent = words);
  let trouble = null;
  let jobs = Promise.resolve();
  let open = 0;
  // The day as it is shown here; null once it may have changed without this page.
  let known = null;
  let changes = 0;
  const mine = new Set();
  async function asKnown() {
    if (known) return known;
    const before = changes;
    const state = await outbox.shown(person, on);
    if (before === changes) known = state;
    return state;
  }

  // The page may have stood locked while writes were sent: then it knows less than this phone.
  const isStale = (await store.sentSince(person, performance.timeOrigin)).has(on);
  if (form.dataset.known && !isStale) await store.keepDay(person, on, JSON.parse(form.dataset.known));

  async function paint() {
    if (open > 0) return; // answers are on their way, which this would take back; the last one paints
    const state = await asKnown();
    if (open > 0 || state !== known) return; // older than what was tapped or told since, which paints by itself
    view.paint(state, around, "answer" in form.dataset);
    view.paintSaved(state, trouble);
    view.paintHeading(!document.querySelector(".question.now"), state, trouble);
    view.paintHeld(state);
    paintConflicts(document.getElementById("conflicts"), state);
    document.dispatchEvent(new CustomEvent("neap:painted", { detail: state }));
  }

  // One after the other, so that each sees what the one before it wrote.
  function keep(fields) {
    open += 1;
    document.body.dataset.busy = "";
    jobs = jobs.then(() => write(fields)).catch(() => notKept()).finally(async () => {
      open -= 1;
      if (!open) delete document.body.dataset.busy;
      await paint();
    });
    return jobs;
  }

  async function write(fields) {
    const before = await asKnown();
    const { base, values, held } = before;
    const named = Object.keys(fields).filter((name) => name !== "note_private" && name !== "written_by");
    if (helper()?.checked) fields = { ...fields, written_by: "helper" };
    const mended = held.find((entry) => named.some((name) => name in entry.body.fields));
    if (mended) await outbox.mend(mended, { ...mended.body.fields, ...fields });
    else {
      const id = crypto.randomUUID();
      mine.add(id);
      const entry = await outbox.record({ id, day: on, fields, base: Object.fromEntries(named.map((n) => [n, base[n] ?? []])) });
      if (known === before) known = outbox.laid(before, entry);
    }
    for (const name of named) view.settled(name);
    announce("Saved on this phone");
    if (Object.keys(values).length === 0) navigator.storage?.persist?.();
  }

  function notKept() {
    const state = document.getElementById("state");
    state.textContent = "Not kept: this phone’s storage is full or closed.";
    announce(state.textContent);
  }

  // What is typed ------------------------------------------------------------------------------------

  const helper = () => document.querySelector('input[type="checkbox"][name="written_by"]');
  const valueOf = (name) => {
    const fields = [...form.elements].filter((field) => field.name === name && field.type !== "hidden");
    return (fields.find((f) => f.type !== "radio" || f.checked) ?? fields[0])?.value ?? "";
  };

  function changed(name) {
    const names = name === "note_private" ? ["note"] : [name];
    const fields = Object.fromEntries(names.map((n) => [n, valueOf(n)]));
    const problem = wrong(names[0], fields[names[0]]);
    if (problem) {
      view.complain(names[0], problem);
      announce(problem);
      return;
    }
    if (names[0] === "note") fields.note_private = valueOf("note_private");
    if (name === "note_private" && !fields.note.trim()) return;
    keep(fields);
  }

  // Another writer of the day signs what stands there once more; before the first answer the tick waits for it.
  async function signed() {
    const { values, conflicts } = await asKnown();
    const fields = {};
    for (const [name, value] of Object.entries(values)) {
      if (conflicts[name] || name === "note") continue;
      fields[name] = value === null ? "" : value === true ? "yes" : value === false ? "" : String(value);
    }
    if (Object.keys(fields).length === 0) return;
    keep({ ...fields, written_by: helper().checked ? "helper" : "self" });
  }

  document.addEventListener("change", ({ target }) => {
    if (target.form !== form || target.type === "hidden") return;
    if (target.name === "written_by") signed();
    else changed(target.name);
  });

  // Leaving while a note is being typed keeps it.
  function leave() {
    const { activeElement: field } = document;
    const isText = field?.form === form && (field.tagName === "TEXTAREA" || field.type === "text");
    if (isText && field.value !== field.dataset.sent && field.value !== field.defaultValue) {
      field.dataset.sent = field.value;
      changed(field.name);
    }
  }
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && leave());
  window.addEventListener("pagehide", leave);

  document.addEventListener("submit", (event) => {
    const sent = event.target;
    if (sent === form) {
      event.preventDefault();
      leave();
    } else if (sent.matches('form[method="post"][action^="/days/"]')) {
      event.preventDefault();
      keep(fieldsOf(sent, event.submitter));
    }
  });

  function fieldsOf(sent, button) {
    const data = new FormData(sent, button);
    return Object.fromEntries([...data].filter(([name]) => !PAGE_ONLY.has(name)));
  }

  // What became of it --------------------------------------------------------------------------------

  outbox.listen(async ({ what, id, day: which }) => {
    if (what !== "recorded" || !mine.has(id)) {
      changes += 1;
      known = null;
    }
    if (TROUBLE.has(what)) trouble = what;
    if (what === "signed-out") announce("You have been signed out. Your answers are kept on this phone.");
    if (what === "acknowledged" || what === "looked") trouble = null;
    if (what === "acknowledged" && which === on && !open) announce("Saved");
    await paint();
  });
  document.querySelector("[data-try-now]")?.addEventListener("click", () => outbox.flush());

  // Tapped before this was loaded.
  for (const input of form.elements) {
    if (input.type === "radio" && input.checked && !input.defaultChecked) changed(input.name);
  }
  await jobs;
  await paint();
  // What waits here may have answered the question that the page asks; who has tapped already is not led elsewhere.
  const isUntouched = !navigator.userActivation?.hasBeenActive;
  if (isUntouched && document.querySelector(".question.now")) document.dispatchEvent(new CustomEvent("neap:questions"));
  form.dataset.ready = "";
  outbox.look(on, on);
}

