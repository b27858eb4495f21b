// The timeline's chosen day by a touch on its charts and by the left and right keys; links and the date field do the same.
const A_DAY = 86_400_000;
const KEYS = { ArrowLeft: "#day-before", ArrowRight: "#day-after" };
let isListening = false;
let focused = "";
let told = null;

// The part is swapped with each day: who listens asks for the one that stands there now.
const now = () => document.querySelector("[data-module='timeline']");

function go(day) {
  const field = now().querySelector("#day-field");
  field.value = day;
  field.form.requestSubmit();
}

function touched(event) {
  const drawing = event.target.closest("[data-module='timeline'] .tl:not(.coming) > .ch > svg");
  if (!drawing) return;
  const { since, until, left, right, wide } = now().dataset;
  const box = drawing.getBoundingClientRect();
  const share = (((event.clientX - box.left) / box.width) * wide - left) / (right - left);
  if (share < 0 || share >= 1) return;
  const days = Math.round((Date.parse(until) - Date.parse(since)) / A_DAY) + 1;
  go(new Date(Date.parse(since) + Math.floor(share * days) * A_DAY).toISOString().slice(0, 10));
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || !KEYS[event.key]) return;
  const root = now();
  if (!root?.querySelector(".tl") || document.querySelector("dialog[open]")) return;
  if (event.target.closest("input, select, textarea")) return;
  // Another frame that scrolls keeps its own keys.
  if (event.target.closest(".scroll-x") && !root.contains(event.target)) return;
  event.preventDefault();
  if (root.querySelector(".chosen.open")) root.querySelector(KEYS[event.key])?.click();
  else go(root.dataset.until);
}

export default function timeline(root) {
  if (!isListening) {
    isListening = true;
    document.addEventListener("click", touched);
    document.addEventListener("keydown", pressed);
    document.addEventListener("focusin", (event) => (focused = now()?.contains(event.target) ? event.target.id : ""));
  }
  shown(root);
}

// After a swap: the ink line is in sight, the focus is not lost with a link that has gone, and another day is told.
function shown(root) {
  const ink = root.querySelector(".tl .chosen-day");
  const frame = root.querySelector(".tl")?.parentElement;
  if (ink && frame.scrollWidth > frame.clientWidth) {
    const by = ink.getBoundingClientRect().left - frame.getBoundingClientRect().left - frame.clientWidth / 2;
    frame.scrollBy({ left: by, behavior: "instant" });
  }
  const isLost = focused && document.activeElement === document.body && !document.getElementById(focused);
  if (isLost) root.querySelector("#day").focus({ preventScroll: true });
  const name = root.querySelector(".chosen.open #day-name")?.textContent ?? "";
  if (told !== null && name && name !== told) document.getElementById("announce").textContent = name;
  told = name;
}
