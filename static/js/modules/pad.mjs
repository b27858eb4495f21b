// The pad: one question at a time, keys that never move, digits and "t" for ten.
// The form itself is plain; modules/day.mjs keeps each answer, or htmx sends it.
export default function pad(sheet) {
  const questions = () => [...sheet.querySelectorAll(".question:not([hidden])")];
  if (questions().length === 0) return;
  const row = (key) => document.querySelector(`#row-${key} .score`);
  const isAnswered = (q) => q.disabled || q.querySelector("input:checked") || "answered" in row(q.dataset.key).dataset;
  const firstOpen = () => questions().find((q) => !isAnswered(q)) ?? null;
  let current = null;

  function show(question, focus = false) {
    current = question;
    for (const q of sheet.querySelectorAll(".question")) {
      q.classList.toggle("now", q === question);
      const at = row(q.dataset.key);
      at.classList.toggle("now", q === question);
      if (q === question) at.setAttribute("aria-current", "step");
      else at.removeAttribute("aria-current");
    }
    sheet.classList.toggle("done", question === null);
    // In the next frame, with whose layout it comes: now it would force one before the answer is kept.
    const to = focus && (question ?? sheet.querySelector("#anything"));
    if (to) requestAnimationFrame(() => to.focus({ preventScroll: true }));
  }
  const next = () => show(firstOpen(), true);

  document.querySelector(".scores").addEventListener("click", (event) => {
    const key = event.target.closest("[data-key]")?.dataset.key;
    if (!key) return;
    event.preventDefault();
    show(questions().find((q) => q.dataset.key === key), true);
  });

  // Arrows walk through the keys without answering; Enter, Space or leaving the keys does.
  let walking = null;
  function settle() {
    const input = walking;
    walking = null;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }
  sheet.addEventListener("keydown", (event) => {
    if (!event.target.matches("input[type='radio']")) return;
    if (event.key.startsWith("Arrow")) walking = event.target;
    else if (walking && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      settle();
    }
  });
  sheet.addEventListener("focusout", (event) => {
    if (walking && !event.target.closest("fieldset").contains(event.relatedTarget)) settle();
  });
  sheet.addEventListener("change", (event) => {
    if (walking) {
      walking = event.target;
      event.stopPropagation();
    } else if (event.target.closest(".question")) next();
  });

  // The same key again is an answer too, though nothing changes.
  let again = false;
  sheet.addEventListener("pointerdown", (event) => {
    walking = null;
    again = Boolean(event.target.closest(".question label")?.querySelector("input:checked"));
  });
  sheet.addEventListener("click", (event) => {
    if (again && event.target.matches("input")) next();
    again = again && !event.target.matches("input");
  });

  document.addEventListener("keydown", (event) => {
    if (!current || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("textarea, select, input:not([type='radio']), .scale")) return;
    const value = event.key === "t" ? "10" : /^\d$/.test(event.key) ? event.key : null;
    if (value === null) return;
    event.preventDefault();
    walking = null;
    const input = current.querySelector(`input[value="${value}"]`);
    if (input.checked) next();
    else input.click();
  });

  // After a swap or a new look at the day: mark again where we are. Where it tells of two answers, nothing more is
  // sent for that field until one is chosen.
  function refreshed() {
    for (const { dataset } of document.querySelectorAll("[data-conflict]")) {
      for (const input of document.querySelectorAll(`[form='day-form'][name^='${dataset.conflict}']`)) {
        input.disabled = true;
        const question = input.closest(".question");
        if (question) question.disabled = true;
      }
    }
    show(current === null || current.disabled || current.hidden ? firstOpen() : current);
  }
  document.addEventListener("htmx:oobAfterSwap", refreshed);
  document.addEventListener("neap:questions", () => show(firstOpen()));
  document.addEventListener("neap:painted", ({ detail }) => {
    if (current?.disabled || Object.keys(detail.conflicts).length > 0) refreshed();
  });
  document.addEventListener("neap:enough", () => show(null, true));
  // Somebody may have tapped before this was loaded, "too unwell" too. Only the last counts: a row is asked, and a key
  // that came after a row leads on.
  const { touched } = self.neap ?? {};
  const asked = touched?.matches(".score") && questions().find((q) => q.dataset.key === touched.dataset.key);
  const first = questions().find((q) => q.classList.contains("now")) ?? null;
  if (sheet.querySelector("#ask").hidden) show(null);
  else if (asked) show(asked, true);
  else show(first && isAnswered(first) ? firstOpen() : first);
}
