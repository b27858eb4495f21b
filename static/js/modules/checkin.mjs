// A check-in or an intention on the phone: each answer goes to the outbox, and the words of help stand there before
// it is sent. Without IndexedDB the form stays as it is, one step after the other by the server.
import { fillCall } from "./call.mjs";
import { checkinNow, intentionNow } from "./due.mjs";
import { icon } from "./dayview.mjs";
import { whoIsHere } from "./person.mjs";
import { timeOf } from "./words.mjs";

const WRITES_AFTER = 3000; // milliseconds without a key
const GRADES = ["no", "mild", "moderate", "severe"];
const BESIDE = /_private$|^help_shown$/;
const $ = (id) => document.getElementById(id);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

export default async function checkin(main) {
  const person = await whoIsHere();
  if (!person) return;
  const { store, outbox } = self.neap;
  const { kind } = main.dataset;
  const form = $("checkin-form");
  if ("shell" in main.dataset && !(await fill())) {
    $("no-plan").hidden = false;
    form.hidden = document.querySelector(".sheet").hidden = true;
    return;
  }
  const { target, day } = main.dataset;
  const key = store.keyOf({ kind, target, day });
  const steps = main.dataset.steps.split(" ");
  let step = main.dataset.step;
  let isOffline = false;
  let jobs = Promise.resolve();
  let open = 0;
  let shown = {}; // the values as they were painted last

  const isStale = (await store.sentSince(person, performance.timeOrigin)).has(key);
  if (main.dataset.known && !isStale) await store.keepDay(person, key, JSON.parse(main.dataset.known));

  // Keeping ------------------------------------------------------------------------------------------

  function keep(fields) {
    open += 1;
    jobs = jobs.then(() => write(fields)).catch(notKept).finally(() => {
      open -= 1;
      return paint();
    });
    return jobs;
  }
  async function write(fields) {
    const { base, held } = await outbox.shown(person, key);
    const named = Object.keys(fields).filter((name) => !BESIDE.test(name));
    const refused = held.find((entry) => named.some((name) => name in entry.body.fields));
    if (refused) await outbox.mend(refused, { ...refused.body.fields, ...fields });
    else await outbox.record({ kind, target, day, fields, base: Object.fromEntries(named.map((n) => [n, base[n] ?? []])) });
    $("announce").textContent = "Saved on this phone";
    navigator.storage?.persist?.();
  }
  function notKept() {
    say("Not kept: this phone’s storage is full or closed.");
  }

  // Help first: its words stand there before anything is stored or sent.
  function answered(input) {
    const { name, type, checked, value, dataset } = input;
    if (name === boxName && type !== "radio") return;
    if (name.endsWith("_private")) return void box(true);
    if (name === "own") return void own();
    const fields = { [name]: type === "checkbox" && !checked ? "" : value };
    if (checked && dataset.rule) {
      help(dataset.rule);
      fields.help_shown = "yes";
    }
    if (type === "checkbox" && name in strengths && checked && shown.none) fields.none = "";
    keep(fields);
  }
  const strengths = Object.fromEntries(all("[data-strength]").map((part) => [part.dataset.strength, part]));
  const boxName = kind === "intention" ? "intention" : "insight";
  const area = $("w");
  let sent = null;
  let timer = null;
  // The words, where they differ from what is kept; `always` when who may read them has changed.
  function box(always = false) {
    clearTimeout(timer);
    const isNew = area.value !== (sent ?? area.defaultValue);
    if (!isNew && !(always && area.value.trim())) return;
    sent = area.value;
    const whose = form.querySelector(`[name="${boxName}_private"]:checked`)?.value ?? "yes";
    keep({ [boxName]: area.value, [`${boxName}_private`]: whose });
  }
  let ownSent = null;
  function own() {
    const field = $("own");
    if (!field || field.value === (ownSent ?? field.defaultValue)) return;
    ownSent = field.value;
    keep({ own: field.value });
  }
  function leave() {
    box();
    own();
  }

  form.addEventListener("change", ({ target: input }) => (input === area ? box() : answered(input)));
  area.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(box, WRITES_AFTER);
  });
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && leave());
  window.addEventListener("pagehide", leave);

  // Steps --------------------------------------------------------------------------------------------

  const marked = () => all('.tiles input[type="checkbox"]:not([data-rule]):checked', form);
  function following() {
    if (step === "first" && marked().length) return "how";
    if (step === "now") return steps[0];
    const place = steps.indexOf(step === "how" ? "first" : step);
    return steps[place + 1] ?? "done";
  }
  function go(to, isBack = false) {
    if (to === "done" && step !== "done") keep({ done: "yes" });
    step = to;
    if (!isBack) history.pushState({ step }, "", `${location.pathname}?step=${step}`);
    show();
    scrollTo(0, 0);
    form.querySelector(`[data-step="${step}"] .question-title`)?.focus({ preventScroll: true });
  }
  function show() {
    for (const part of all("[data-step]", form)) part.hidden = part.disabled = part.dataset.step !== step;
    for (const part of all("[data-actions]")) part.hidden = part.dataset.actions !== step;
    const place = steps.indexOf(step === "how" ? "first" : step);
    for (const id of ["progress", "of"]) $(id).hidden = place < 0;
    $("of").textContent = `${place + 1} of ${steps.length}`;
    $("progress").setAttribute("aria-label", `Question ${place + 1} of ${steps.length}`);
    $("progress").replaceChildren(...steps.map((_, n) => {
      const mark = document.createElement("li");
      mark.className = n < place ? "done" : n === place ? "now" : "";
      return mark;
    }));
    const isFirst = step === steps[0] || step === "done";
    $("back").querySelector("span").textContent = isFirst ? "Leave" : "Back";
    next();
  }
  // "Next" is a promise that something was answered; "None of these" is plain beside it.
  function next() {
    brief();
    const button = document.querySelector(`[data-actions="${step}"] [data-next]`);
    if (!button || step === "how" || step === "words") return;
    const isSome = form.querySelector(`[data-step="${step}"] :checked`) || (step === "first" && $("own").value !== "");
    button.classList.toggle("primary", Boolean(isSome));
    if (step === "first") button.textContent = marked().length ? "Next: how strong" : "Next";
  }
  const former = () => (step === "how" || step === "now" ? "first" : steps[steps.indexOf(step) - 1]);

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link || kind === "intention") return;
    const { dataset } = link;
    if (link.id === "more12") $("tileset").classList.remove("usual");
    else if (link.id === "back" && former()) go(former());
    else if (dataset.go) go(dataset.go);
    else if ("skip" in dataset) go(following());
    else return;
    event.preventDefault();
  });
  window.addEventListener("popstate", ({ state }) => kind === "checkin" && go(state?.step ?? steps[0], true));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const isNone = "none" in (event.submitter?.dataset ?? {});
    leave();
    if (kind === "intention") {
      await jobs;
      return location.assign("/today");
    }
    if (step === "first" && isNone) {
      const cleared = marked();
      for (const input of cleared) input.checked = false;
      keep({ none: "yes", ...Object.fromEntries(cleared.map(({ name }) => [name, ""])) });
    }
    go(following());
  });

  // What stands there ----------------------------------------------------------------------------------

  function help(rule) {
    const panel = $("help-now");
    panel.querySelector(`[data-help="${rule}"]`).hidden = false;
    if (rule === "emergency_after_infusion") panel.querySelector('[data-call="emergency"]').hidden = false;
    if (panel.hidden) $("told").textContent = UNTOLD;
    panel.hidden = false;
    brief();
  }
  const brief = () =>
    $("help-now").classList.toggle("brief", !form.querySelector(`[data-step="${step}"] [data-rule]:checked`));
  const UNTOLD = "Your clinic has not been told yet. It is told as soon as there is internet.";

  function say(words, drawing) {
    for (const place of all("#state, [data-state]")) place.replaceChildren(...(drawing ? [icon(drawing)] : []), words);
  }

  async function paint() {
    const state = await outbox.shown(person, key);
    if (open > 0) return; // an answer is on its way, which this would take back; the last one paints
    const { values, conflicts, held, waiting } = state;
    shown = values;
    for (const words of all("[data-two]", form)) if (!conflicts[words.dataset.two]) words.remove();
    for (const input of all("input", form)) {
      // Of two answers none is chosen yet: any is then a choice.
      const value = conflicts[input.name] && input.type === "radio" ? null : (values[input.name] ?? "");
      if (input.type === "radio" && !input.name.endsWith("_private")) input.checked = input.value === value;
      if (input.type !== "checkbox") continue;
      input.checked = value !== "";
      if (input.name in strengths) input.value = value || "marked";
    }
    for (const [name, part] of Object.entries(strengths)) {
      part.hidden = !values[name];
      for (const input of all("input", part)) input.disabled = part.hidden;
    }
    // Left out by the clinic, and marked all the same: before it was, or on another phone.
    for (const tile of all(".tileset .t[hidden]:has(input:checked)", form)) tile.hidden = tile.parentElement.hidden = false;
    paintWords(values);
    const fired = all("[data-rule]:checked", form);
    for (const { dataset } of fired) help(dataset.rule);
    if (fired.length || values.help_shown || state.untold) paintTold(state);
    if (held.length) say(`Not taken: ${Object.values(held[0].why?.fields ?? {}).join(" ") || "see More, On this phone"}`);
    else if (waiting) say("Saved on this phone", isOffline ? "cloud-off" : "check");
    else say(Object.keys(values).length ? "Saved" : "", Object.keys(values).length ? "check" : "");
    if (kind === "checkin") next();
  }
  function paintWords(values) {
    const kept = values[boxName];
    if (kept && kept.text !== null && document.activeElement !== area && sent === null) {
      area.value = sent = kept.text;
      form.querySelector(`[name="${boxName}_private"][value="${kept.private ? "yes" : "no"}"]`).checked = true;
    }
    const field = $("own");
    if (field && values.own && document.activeElement !== field && ownSent === null) field.value = ownSent = values.own;
  }
  function paintTold({ untold, held, values }) {
    const isRefused = held.some(({ body }) => "help_shown" in body.fields);
    const told = values.help_shown ? `Your clinic has been told at ${timeOf(Date.parse(values.help_shown))}.` : "";
    $("told").textContent = isRefused ? "Neap could not tell your clinic. Please call them." : untold ? UNTOLD : told;
  }

  // Without internet: whose, which and what comes from this phone.
  async function fill() {
    const due = await (kind === "intention" ? intentionNow : checkinNow)(person);
    if (!due) return false;
    Object.assign(main.dataset, { target: due.target, day: due.day, steps: due.steps?.join(" ") ?? "words" });
    const asked = new URLSearchParams(location.search).get("step");
    main.dataset.step = due.steps?.includes(asked) ? asked : (due.steps?.[0] ?? "words");
    $("name").textContent = due.name && due.steps ? due.name : `Before infusion ${due.number}, ${due.when}`;
    if (kind === "intention") return true;
    for (const banner of all('[data-step="first"] .drive')) banner.hidden = !due.drive;
    for (const name of due.usual) form.querySelector(`.t:has([name="${name}"])`).dataset.usual = "";
    $("tileset").classList.toggle("usual", due.usual.length > 0 && asked !== "all");
    for (const name of due.unasked ?? []) form.querySelector(`.t:has([name="${name}"])`).hidden = true;
    for (const group of all(".tileset .tiles", form)) group.hidden = !group.querySelector(".t:not([hidden])");
    for (const [name, least] of Object.entries(due.urine_from)) {
      for (const input of all(`[name="${name}"]`, form)) if (GRADES.indexOf(input.value) >= least) input.dataset.rule = "urinary";
    }
    await fillCall(due.call ?? {});
    return true;
  }

  outbox.listen(async ({ what }) => {
    if (what === "waiting") isOffline = true;
    if (what === "acknowledged" || what === "looked") isOffline = false;
    await paint();
  });
  if (kind === "checkin") show();
  await paint();
  main.dataset.ready = "";
  outbox.look(day, day);
}
