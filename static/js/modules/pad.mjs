// The pad: one question at a time, keys that never move, digits and "t" for ten.
// The form itself is plain; htmx saves each answer, and only the server's answer says "Saved".
export default function pad(sheet) {
  const questions = [...sheet.querySelectorAll(".question")];
  const ask = sheet.querySelector("#ask");
  const extras = sheet.querySelector("#extras");
  if (questions.length === 0 || "unwell" in sheet.dataset) return;
  const row = (key) => document.querySelector(`#row-${key} .score`);
  const isAnswered = (q) => q.querySelector("input:checked") !== null || row(q.dataset.key)?.dataset.answered;
  let current = null;

  function show(question, focus = false) {
    current = question;
    for (const q of questions) {
      q.classList.toggle("now", q === question);
      const at = row(q.dataset.key);
      at?.classList.toggle("now", q === question);
      if (q === question) at?.setAttribute("aria-current", "step");
      else at?.removeAttribute("aria-current");
    }
    ask.classList.toggle("over", !question);
    extras.classList.toggle("later", Boolean(question));
    if (focus) (question ?? sheet.querySelector("#anything"))?.focus({ preventScroll: true });
  }

  function next() {
    show(questions.find((q) => !isAnswered(q)) ?? null, true);
  }

  document.querySelector(".scores")?.addEventListener("click", (event) => {
    const link = event.target.closest("[data-key]");
    if (!link) return;
    event.preventDefault();
    show(questions.find((q) => q.dataset.key === link.dataset.key), true);
  });
  // Arrows walk through the keys without answering; Enter, Space or leaving the question does.
  let walking = false;
  ask.addEventListener("keydown", (event) => {
    if (event.key.startsWith("Arrow")) walking = true;
    else if (walking && (event.key === "Enter" || event.key === " ")) settle(event);
  });
  function settle(event) {
    walking = false;
    if (event.key) event.preventDefault();
    event.target.dispatchEvent(new Event("change", { bubbles: true }));
  }
  ask.addEventListener("focusout", (event) => {
    if (walking && !event.target.closest(".question")?.contains(event.relatedTarget)) settle(event);
  });
  ask.addEventListener("change", (event) => {
    if (walking) event.stopPropagation();
    else if (event.target.type === "radio") next();
  });
  // The same key again is an answer too, though nothing changes.
  let again = false;
  ask.addEventListener("pointerdown", (event) => {
    walking = false;
    again = Boolean(event.target.closest("label")?.querySelector("input:checked"));
  });
  ask.addEventListener("click", (event) => {
    if (again && event.target.matches("input")) next();
    again = again && !event.target.matches("input");
  });
  document.addEventListener("keydown", (event) => {
    if (!current || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("textarea, select, input:not([type='radio'])")) return;
    const value = event.key === "t" ? "10" : /^\d$/.test(event.key) ? event.key : null;
    if (value === null) return;
    event.preventDefault();
    const input = current.querySelector(`input[value="${value}"]`);
    if (input.checked) next();
    else input.click();
  });
  // After a swap the row of the server is new: mark again where we are.
  document.addEventListener("htmx:oobAfterSwap", () => show(current));
  show(questions.find((q) => q.classList.contains("now")) ?? null);
}
