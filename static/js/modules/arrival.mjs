// The arrival sheet on the phone: filled by the server, without internet from what this phone was told last. Each
// answer goes to the outbox, and the words of help stand there before it is sent.
import { fillCall } from "./call.mjs";
import { arrivalNow } from "./due.mjs";
import { whoIsHere } from "./person.mjs";
import { timeOf } from "./words.mjs";

const GRADES = ["no", "mild", "moderate", "severe"];
const URINE = { urine_often: "more often", urine_pain: "hurts", urine_blood: "blood" };
const UNTOLD = "Your clinic has not been told yet. It is told as soon as there is internet.";
const $ = (id) => document.getElementById(id);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const upper = (words) => words.slice(0, 1).toUpperCase() + words.slice(1);

export default async function arrival(main) {
  const person = await whoIsHere();
  if (!person) return;
  const { store, outbox } = self.neap;
  const form = $("arrival-form");
  if ("shell" in main.dataset && !(await fill())) {
    $("no-plan").hidden = false;
    for (const part of all("[data-part], .sheet")) part.hidden = true;
    return;
  }
  const { target, day } = main.dataset;
  const key = store.keyOf({ kind: "arrival", target, day });
  const isStale = (await store.sentSince(person, performance.timeOrigin)).has(key);
  if (main.dataset.known && !isStale) await store.keepDay(person, key, JSON.parse(main.dataset.known));
  let jobs = Promise.resolve();

  function keep(fields) {
    jobs = jobs.then(() => write(fields)).catch(() => say("Not kept: this phone’s storage is full or closed.")).then(paint);
    return jobs;
  }
  async function write(fields) {
    const { base, held } = await outbox.shown(person, key);
    const names = Object.keys(fields).filter((name) => name !== "help_shown");
    const refused = held.find((entry) => names.some((name) => name in entry.body.fields));
    if (refused) await outbox.mend(refused, { ...refused.body.fields, ...fields });
    else await outbox.record({ kind: "arrival", target, day, fields, base: Object.fromEntries(names.map((n) => [n, base[n] ?? []])) });
    $("announce").textContent = "Saved on this phone";
  }
  function show(step) {
    for (const part of all("[data-part]")) part.hidden = !part.dataset.part.split(" ").includes(step);
    $("title").textContent = step === "first" ? $("title").dataset.first : $("title").dataset.sheet;
    scrollTo(0, 0);
  }
  function say(words) {
    for (const place of all("[data-state]")) place.textContent = words;
  }

  form.addEventListener("change", ({ target: { name, value, dataset } }) => {
    if (dataset.rule) help(dataset.rule);
    keep({ [name]: value, ...(dataset.rule ? { help_shown: "yes" } : {}) });
  });
  document.addEventListener("submit", (event) => {
    const { name, value } = event.submitter ?? {};
    if (!["pain_now", "done", "with_nurse"].includes(name)) return;
    event.preventDefault();
    keep({ [name]: value });
    show(name === "pain_now" ? "sheet" : "done");
  });
  document.addEventListener("click", (event) => {
    const step = event.target.closest("a")?.dataset.go;
    if (!step) return;
    event.preventDefault();
    show(step);
  });

  function help(rule) {
    const panel = $("help-now");
    panel.querySelector(`[data-help="${rule}"]`).hidden = false;
    if (panel.hidden) $("told").textContent = UNTOLD;
    panel.hidden = false;
  }
  function line(name, words) {
    const row = document.querySelector(`[data-line="${name}"]`);
    row.querySelector("b").textContent = words;
    row.querySelector("b").className = "strong pre";
    row.classList.remove("lacking");
    if (name !== "home") row.querySelector("[data-beneath]").textContent = "said today";
  }
  async function paint() {
    const { values, waiting, held, untold } = await outbox.shown(person, key);
    for (const input of all('input[type="radio"]', form)) if (values[input.name]) input.checked = input.value === values[input.name];
    for (const button of all('button[name="pain_now"]')) button.classList.toggle("on", button.value === String(values.pain_now ?? ""));
    if ((values.pain_now ?? "") !== "") $("now").textContent = `Pain right now: ${values.pain_now} of 10.`;
    if (values.fall) line("fall", upper(values.fall));
    if (values.way_home) line("home", form.querySelector('[name="way_home"]:checked').parentElement.textContent.trim());
    const urine = Object.keys(URINE).filter((name) => values[name]);
    const trouble = urine.filter((name) => values[name] !== "no").map((name) => `${URINE[name]}: ${values[name]}`);
    if (urine.length) line("urine", upper(trouble.join(", ")) || "No change");
    const fired = all("[data-rule]:checked", form);
    for (const { dataset } of fired) help(dataset.rule);
    if (fired.length) {
      const told = values.help_shown && values.help_shown !== "yes" ? `Your clinic has been told at ${timeOf(Date.parse(values.help_shown))}.` : "";
      $("told").textContent = held.length ? "Neap could not tell your clinic. Please call them." : untold ? UNTOLD : told;
    }
    if (held.length) say(`Not taken: ${Object.values(held[0].why?.fields ?? {}).join(" ") || "see More, On this phone"}`);
    else say(waiting ? "Saved on this phone. The nurse sees it when there is internet." : Object.keys(values).length ? "Saved. The nurse can see this." : "");
    return values;
  }

  // Without internet: for which infusion, and what the diary said when this phone asked last.
  async function fill() {
    const due = await arrivalNow(person);
    if (!due) return false;
    Object.assign(main.dataset, { target: due.target, day: due.on });
    $("name").textContent = `Infusion ${due.number}, today${due.time ? ` at ${due.time}` : ""}`;
    for (const { key: name, label, words, beneath, is_open: isOpen } of due.lines) {
      const row = document.querySelector(`[data-line="${name}"]`);
      row.querySelector("[data-label]").textContent = label;
      row.querySelector("b").textContent = words;
      row.querySelector("b").className = isOpen ? "unsaid pre" : "strong pre";
      row.querySelector("[data-beneath]").textContent = beneath;
      row.classList.toggle("lacking", isOpen);
    }
    for (const [name, least] of Object.entries(due.urine_from)) {
      for (const input of all(`[name="${name}"]`, form)) if (GRADES.indexOf(input.value) >= least) input.dataset.rule = "urinary";
    }
    await fillCall(due.call ?? {});
    return true;
  }

  outbox.listen(paint);
  const values = await paint();
  if ("shell" in main.dataset) show(values.done || values.with_nurse ? "done" : (values.pain_now ?? "") !== "" ? "sheet" : "first");
  main.dataset.ready = "";
  outbox.look(day, day);
}
