// Two answers for one question: both are kept, and she says which the chart shows. The server's page has its own words
// for where each came from; a phone that meets them without internet knows only which one shows.
import { make } from "./dayview.mjs";
import { asText } from "./words.mjs";

const NAMES = {
  pain: "Pain", fatigue: "Fatigue", sleep: "Poor rest", mood: "Low mood", cognition: "Foggy thinking",
  worst_pain: "Worst pain", interference: "How much it got in the way", sleep_hours: "Hours slept",
  times_awake: "Times awake", unwell: "Too unwell to log", note: "Note",
  regions: "Where it hurts", factor_movement: "Moved or exercised", factor_pacing: "Paced myself", factor_food: "Food",
  factor_alcohol: "Alcohol", factor_stress: "Stress", factor_cycle: "Period or cycle", factor_weather: "Weather",
};

const nameOf = (name) => NAMES[name] ?? (name.startsWith("factor_") ? "What happened" : "One of your own"); // its name is not kept with the day

export function paintConflicts(place, state) {
  const open = Object.keys(state.conflicts);
  for (const section of place.querySelectorAll("[data-conflict]")) {
    if (!open.includes(section.dataset.conflict)) settle(section);
  }
  for (const name of open) if (!place.querySelector(`[data-conflict="${name}"]`)) place.append(built(name, state));
  if (open.length === 0) place.replaceChildren();
  else if (!document.getElementById("two")) place.prepend(heading());
}

function settle(section) {
  for (const input of document.querySelectorAll(`[form="day-form"][name^="${section.dataset.conflict}"]`)) {
    input.disabled = false;
    const question = input.closest(".question");
    if (question) question.disabled = false;
  }
  section.remove();
}

function heading() {
  const title = make("h2", "", "Two answers");
  title.id = "two";
  return title;
}

function built(name, { day, values, conflicts }) {
  const section = make("section", "either");
  section.id = `two-${name}`;
  section.dataset.conflict = name;
  section.setAttribute("aria-label", `Two answers: ${nameOf(name)}`);
  const others = conflicts[name].map(({ value }) => value);
  section.append(make("h3", "", nameOf(name)), option(name, values[name], day, true));
  section.append(...others.map((value) => option(name, value, day, false)));
  return section;
}

// Regions are kept by their keys, which are words.
const wordsOf = (name, value) =>
  name === "regions" ? asText(value).replaceAll(" ", ", ").replaceAll("_", " ").replace("abdomen", "belly") : asText(value);

function option(name, value, day, isShown) {
  const form = make("form", "two-opt");
  form.method = "post";
  form.action = `/days/${day}`;
  const hide = (field, text) => {
    const input = make("input");
    Object.assign(input, { type: "hidden", name: field, value: text });
    form.append(input);
  };
  hide(name, asText(value));
  if (name === "note") hide("note_private", value?.private === false ? "no" : "yes");
  const where = make("span");
  where.append(make("b", "strong", isShown ? "Shown now" : "The other answer"));
  form.append(where, make("span", "val", wordsOf(name, value) || "nothing"), make("button", "btn", "Keep"));
  return form;
}
