// Switches keep themselves at a touch; a time that was changed shows "Save".
export default function wishes(form) {
  const dirty = () =>
    form.classList.toggle("dirty", [...form.querySelectorAll("input:not([type='checkbox'])")].some((f) => f.value !== f.defaultValue));
  form.addEventListener("change", ({ target }) => {
    if (target.type === "checkbox") form.requestSubmit();
    else dirty();
  });
  form.addEventListener("input", dirty);
  form.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (!detail.successful) return;
    for (const field of form.querySelectorAll("input")) field.defaultValue = field.value;
    dirty();
    document.getElementById("announce").textContent = "Saved";
  });
}
