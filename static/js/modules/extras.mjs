// Where it hurts and what happened: each touch goes to the outbox, as the day's answers do. Without IndexedDB, or when
// this can't be loaded, it is a plain form with its Save button.
import { icon } from "./dayview.mjs";
import { whoIsHere } from "./person.mjs";
import { asText, daysBetween, diaryDay, longDate, nameOf } from "./words.mjs";

const BACK = 7;
const NOBODYS = "/days/2000-01-03";
const TROUBLE = new Set(["waiting", "signed-out", "other-person", "refused-here", "update"]);

const partOf = (name) => (name === "regions" ? name : name.startsWith("own_") ? "own" : "factors");

export default async function extras(form) {
  const person = await whoIsHere();
  if (!person) return void document.documentElement.classList.remove("js");
  const { store, outbox } = self.neap;
  if ("shell" in form.dataset && !(await fill(form))) return;
  const { day } = form.dataset;
  const boxes = [...form.querySelectorAll('input:not([type="hidden"])')];
  const parts = [...form.querySelectorAll("fieldset[data-part]")];
  const say = (words, drawing) => document.getElementById("state").replaceChildren(...(drawing ? [icon(drawing)] : []), words);
  let jobs = Promise.resolve();
  let open = 0;
  let trouble = null;

  const isStale = (await store.sentSince(person, performance.timeOrigin)).has(day);
  if (form.dataset.known && !isStale) await store.keepDay(person, day, JSON.parse(form.dataset.known));

  // The marked regions are one field; a factor is one each, and so is a score of her own.
  function textOf(name) {
    const marked = boxes.filter((box) => box.name === name && box.checked);
    return marked.map(({ value }) => value).sort().join(" ");
  }
  // One after the other, so that each sees what the one before it wrote.
  function keep(name) {
    const fields = { [name]: textOf(name) };
    open += 1;
    jobs = jobs.then(() => write(name, fields)).catch(notKept).finally(() => {
      open -= 1;
      return paint();
    });
  }
  async function write(name, fields) {
    const { base, held, writtenBy } = await outbox.shown(person, day);
    if (writtenBy === "helper") fields.written_by = "helper";
    const mended = held.find((entry) => name in entry.body.fields);
    if (mended) return outbox.mend(mended, { ...mended.body.fields, ...fields });
    await outbox.record({ day, fields, base: { [name]: base[name] ?? [] } });
    navigator.storage?.persist?.();
  }
  let isFull = false;
  function notKept() {
    isFull = true;
  }

  async function paint() {
    const { values, conflicts, held, waiting } = await outbox.shown(person, day);
    const isMarked = ({ name, type, value }) => {
      if (type === "radio") return name in values && value === asText(values[name]);
      return name === "regions" ? marked.has(value) : values[name] === true;
    };
    if (open > 0) return; // a touch is on its way, which this would take back; the last one paints
    const marked = new Set((values.regions ?? "").split(" "));
    for (const box of boxes) box.checked = isMarked(box);
    const two = Object.keys(conflicts).filter((name) => boxes.some((box) => box.name === name));
    for (const part of parts) part.disabled = two.some((name) => partOf(name) === part.dataset.part);
    document.getElementById("two-wait").hidden = two.length === 0;
    const refused = held.find(({ body }) => boxes.some((box) => box.name in body.fields));
    const isSaid = boxes.some((box) => box.name in values);
    if (isFull) say("Not kept: this phone’s storage is full or closed.");
    else if (refused) say(`Not taken: ${Object.values(refused.why?.fields ?? {}).join(" ") || "see More, On this phone"}`);
    else if (waiting) say("Saved on this phone", trouble ? "cloud-off" : "check");
    else say(isSaid ? "Saved" : "", isSaid ? "check" : "");
    isFull = false;
  }

  form.addEventListener("change", ({ target }) => target.name && keep(target.name));
  form.addEventListener("submit", (event) => event.preventDefault());
  outbox.listen(async ({ what }) => {
    if (TROUBLE.has(what)) trouble = what;
    if (what === "acknowledged" || what === "looked") trouble = null;
    await paint();
  });
  // Touched before this was loaded.
  const touched = boxes.filter((box) => box.checked !== box.defaultChecked).map(({ name }) => name);
  for (const name of new Set(touched)) keep(name);
  await jobs;
  await paint();
  form.dataset.ready = "";
  outbox.look(day, day);
}

// Without internet: which day it is comes from the address. False where that day can't be written now.
async function fill(form) {
  const { store, outbox } = self.neap;
  const today = diaryDay(await outbox.now(), (await store.meta("around"))?.zone);
  const day = location.pathname.match(/^\/days\/([^/]+)/)?.[1];
  if (!day) return false; // the shell itself was asked for
  const ago = daysBetween(day, today);
  const name = nameOf(day, today);
  form.dataset.day = day;
  form.action = location.pathname;
  document.title = `${name}, more - Neap`;
  document.querySelector("h1").textContent = document.querySelector("[data-name]").textContent = name;
  const time = document.querySelector(".date time");
  time.dateTime = day;
  time.textContent = longDate(day);
  for (const link of document.querySelectorAll(`a[href^="${NOBODYS}"]`)) {
    link.setAttribute("href", link.getAttribute("href").replace(NOBODYS, ago === 0 ? "/today" : `/days/${day}`));
  }
  const isOpen = ago >= 0 && ago <= BACK;
  form.hidden = !isOpen;
  document.getElementById("no-day").hidden = isOpen;
  const plan = await store.dayOf(await whoIsHere(), "plan");
  own(form, plan?.own ?? []);
  ofClinic(form, plan?.factors ?? []);
  return isOpen;
}

// What she scores in her own words, as this phone was told it last.
function own(form, symptoms) {
  const part = form.querySelector('[data-part="own"]');
  for (const { key, name } of symptoms) {
    const scale = document.getElementById("own-scale").content.firstElementChild.cloneNode(true);
    scale.querySelector("legend").textContent = name;
    scale.querySelector(".ends").id = `${key}-ends`;
    scale.setAttribute("aria-describedby", `${key}-ends`);
    for (const input of scale.querySelectorAll("input")) input.name = key;
    part.append(scale);
  }
  part.hidden = symptoms.length === 0;
}

// What the clinic asks about beside Neap's own list.
function ofClinic(form, factors) {
  for (const { key, name } of factors) {
    const chip = document.getElementById("clinic-factor").content.firstElementChild.cloneNode(true);
    chip.querySelector("input").name = key;
    chip.querySelector("span").textContent = name[0].toUpperCase() + name.slice(1);
    form.querySelector('[data-part="factors"] .chips').append(chip);
  }
}
