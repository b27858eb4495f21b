// The infusion form: mg/kg and mg/kg/h while one types, and "as planned". The server computes both again.
const number = (input) => Number((input?.value ?? "").replace(",", ".")) || 0;
const shown = (x) => (Math.round(x * 100) / 100).toString();

export default function dose(form) {
  const field = (name) => form.elements.namedItem(name);
  const perKg = form.querySelector("[data-per-kg]");
  const perHour = form.querySelector("[data-per-kg-h]");

  function compute() {
    const [mg, kg, minutes] = [number(field("dose_mg")), number(field("weight_kg")), number(field("minutes"))];
    perKg.textContent = mg && kg ? `${shown(mg / kg)} mg/kg` : "";
    perHour.textContent = mg && kg && minutes ? `${shown((mg / kg / minutes) * 60)} mg/kg/h` : "";
  }
  function copy(button) {
    field(button.dataset.copy).value = button.dataset.value;
    compute();
  }
  form.addEventListener("input", compute);
  form.addEventListener("click", (event) => {
    const one = event.target.closest("[data-copy]");
    if (one) copy(one);
    if (event.target.closest("[data-copy-all]")) {
      for (const button of form.querySelectorAll("[data-copy]")) {
        if (!field(button.dataset.copy).value) copy(button);
      }
    }
  });
  compute();
}
