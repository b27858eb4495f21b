// Paints a day as this phone knows it: rows, keys, extras, and where it stands. The server's page shows the same.
import { asText, daysBetween, plural } from "./words.mjs";

const SCORES = ["pain", "fatigue", "sleep", "mood", "cognition"];
const SVG = "http://www.w3.org/2000/svg";
const make = (tag, cls, text) => {
  const element = document.createElement(tag);
  if (cls) element.className = cls;
  if (text !== undefined) element.textContent = text;
  return element;
};

// A drawing that the page brought along.
export function icon(name) {
  const template = document.querySelector(`template[data-icon="${name}"]`);
  return template ? template.content.cloneNode(true) : "";
}

// The glass of a score: high water is a hard day.
function glass(score) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 22 40");
  svg.setAttribute("class", "gauge");
  svg.setAttribute("aria-hidden", "true");
  const add = (tag, cls, attributes) => {
    const part = document.createElementNS(SVG, tag);
    part.setAttribute("class", cls);
    for (const [name, value] of Object.entries(attributes)) part.setAttribute(name, value);
    svg.append(part);
  };
  const box = { x: 2, y: 2, width: 18, height: 36, rx: 5 };
  const wave = `M2.6 ${36 - 3 * score}q4.2-2.2 8.4 0t8.4 0`;
  add("rect", "glass", box);
  if (score > 0) {
    add("path", "sea", { d: `${wave}V33a4.4 4.4 0 0 1-4.4 4.4H7A4.4 4.4 0 0 1 2.6 33Z` });
    add("path", "top-line", { d: wave });
  }
  add("rect", "rim", box);
  return svg;
}

const drawn = {}; // what a row shows, so that only one that changes is made anew

function paintRow(key, { values, conflicts }) {
  const score = document.querySelector(`#row-${key} .score`);
  const mark = JSON.stringify([key in values, values[key], conflicts[key]]); // skipped is null, unanswered undefined
  if (!score || drawn[key] === mark) return;
  drawn[key] = mark;
  const isAnswered = key in values;
  const value = values[key];
  const parts = [];
  if (conflicts[key]) parts.push(make("span", "unset two", "two answers"));
  if (isAnswered && value !== null) {
    parts.push(make("span", "unset hint-change", "change below"), " ", glass(value));
    parts.push(make("b", "n", asText(value)), " ", make("span", "visually-hidden", "of 10. Change"));
  } else if (isAnswered) parts.push(make("span", "unset", "skipped"));
  else {
    const unset = make("span", "unset");
    unset.append(make("span", "hint-now", "answer below"), make("span", "hint-wait", "not yet"));
    parts.push(unset);
  }
  score.querySelector(".val").replaceChildren(...parts);
  if (isAnswered) score.dataset.answered = "";
  else delete score.dataset.answered;
}

function paintKeys({ values, conflicts }) {
  for (const input of document.getElementById("day-form").elements) {
    const { name, type, value } = input;
    if (type !== "radio" || name === "note_private") continue;
    input.checked = name in values && value === asText(values[name]) && (value !== "" || SCORES.includes(name));
    if (conflicts[name]) input.disabled = true;
  }
}

function paintText(name, { values }) {
  const field = document.getElementById(name);
  if (!field || !(name in values) || document.activeElement === field || field.hasAttribute("aria-invalid")) return;
  const value = values[name];
  if (name === "note" && value?.private && value.text === null) return; // it is with Neap, not on this phone
  field.value = asText(value);
  if (name === "note" && value) {
    const whose = document.querySelector(`input[name="note_private"][value="${value.private ? "yes" : "no"}"]`);
    if (whose) whose.checked = true;
  }
}

// How much is marked on the page of its own.
function paintMarked({ values }) {
  const place = document.getElementById("marked");
  const places = values.regions?.split(" ").length;
  const things = Object.keys(values).filter((name) => name.startsWith("factor_") && values[name]).length;
  const own = Object.keys(values).filter((name) => name.startsWith("own_") && values[name] !== null).length;
  const words = [places && plural(places, "place"), things && `${plural(things, "thing")} that happened`, own && `${plural(own, "score")} of your own`];
  if (place) place.textContent = words.filter(Boolean).join(", ");
}

function paintUnwell({ values }, isAsked) {
  const scored = SCORES.some((key) => (values[key] ?? null) !== null);
  const isUnwell = Boolean(values.unwell) && !scored && !isAsked;
  const was = document.body.classList.contains("is-unwell");
  document.body.classList.toggle("is-unwell", isUnwell);
  if (was !== isUnwell) document.dispatchEvent(new CustomEvent(isUnwell ? "neap:enough" : "neap:questions"));
  for (const part of document.querySelectorAll("[data-while]")) {
    part.hidden = (part.dataset.while === "unwell") !== isUnwell;
  }
}

// Whether anything is told: a skipped score is, what was taken back is not.
const isTold = ({ values }) =>
  Object.entries(values).some(([name, value]) => SCORES.includes(name) || (value !== null && value !== false));

// Who wrote it is asked below the rows from the first answer on.
function paintWriter(place, { writtenBy }) {
  for (const part of place.querySelectorAll('.helper, .kind, [name="written_by"]')) part.remove();
  const [helper, writer] = ["helper", "writer"].map((id) => document.getElementById(id));
  if (!helper || !writer || helper.firstElementChild) return;
  helper.append(writer.content.cloneNode(true));
  helper.querySelector('[type="checkbox"]').checked = writtenBy === "helper";
}

// Where we are in the course is said after the first answer only, lest it colour it.
function paintPlace(state, around) {
  const place = document.getElementById("place");
  if (!place) return;
  if (!isTold(state)) return void place.querySelector(".since")?.remove();
  place.classList.remove("first");
  paintWriter(place, state);
  const infusion = around.infusion;
  if (!infusion || place.querySelector(".since")) return;
  const after = daysBetween(infusion.on, state.day);
  if (after < 0) return;
  const words = after ? `Day ${after} after infusion ${infusion.number}` : `Infusion ${infusion.number} on this day`;
  const since = make("span", "since");
  since.append(icon("droplet"), words);
  place.prepend(since);
}

export function paint(state, around, isAsked) {
  for (const key of SCORES) paintRow(key, state);
  paintKeys(state);
  for (const name of ["sleep_hours", "times_awake", "note"]) paintText(name, state);
  paintMarked(state);
  paintUnwell(state, isAsked);
  paintPlace(state, around);
}

// "Saved" only when the server has it; until then the phone has, and says so.
export function paintSaved(state, trouble) {
  const place = document.getElementById("state");
  if (!place) return;
  let words = isTold(state) ? "Saved" : "";
  if (state.waiting) words = "Saved on this phone";
  if (state.held.length) words = "Please look below";
  if (place.textContent.trim().startsWith("Saved at") && words === "Saved") return;
  const drawing = { Saved: "check", "Saved on this phone": trouble ? "cloud-off" : "check" }[words];
  if (trouble === "signed-out" && state.waiting) {
    const link = make("a", "", "Sign in");
    link.href = `/sign-in?next=${location.pathname}`;
    place.replaceChildren("Kept here. ", link);
  } else place.replaceChildren(...(drawing ? [icon(drawing)] : []), words);
  place.classList.toggle("wait", state.waiting > 0 || state.held.length > 0);
  const kept = document.getElementById("kept");
  if (!kept) return;
  kept.hidden = !(state.waiting && trouble);
  for (const words of kept.querySelectorAll("p[data-trouble]")) words.hidden = words.dataset.trouble !== trouble;
}

export function paintHeading(isDone, state, trouble) {
  const heading = document.getElementById("anything");
  if (!heading || document.body.classList.contains("is-unwell")) return;
  const where = state.waiting && trouble ? "Kept on this phone. " : state.waiting || state.held.length ? "" : "Saved. ";
  heading.textContent = isDone ? `${where}Anything else?` : "Anything else?";
}

// What was refused stands at its field, with its reason, and can be mended there.
export function paintHeld(state) {
  for (const entry of state.held) {
    for (const [name, words] of Object.entries(entry.why?.fields ?? {})) complain(name, words);
  }
}

export function complain(name, words) {
  const field = document.getElementById(name) ?? document.querySelector(`fieldset [name="${name}"]`);
  const place = document.getElementById(`f-${name}`) ?? field?.closest(".field, fieldset, .open");
  if (!place) return false;
  place.closest("details")?.setAttribute("open", "");
  document.getElementById(`${name}-error`)?.remove();
  const problem = make("p", "err", words);
  problem.id = `${name}-error`;
  (field.closest(".hrs") ?? field).before(problem);
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", problem.id);
  problem.scrollIntoView({ block: "center" });
  return true;
}

export function settled(name) {
  document.getElementById(`${name}-error`)?.remove();
  const field = document.getElementById(name);
  field?.removeAttribute("aria-invalid");
  field?.removeAttribute("aria-describedby");
}

export { make, plural, SCORES };
