// The infusion form: mg/kg and mg/kg/h while one types, and "as planned". The server computes both again.
const KG_PER_LB = 0.45359237;
const number = (input) => Number((input?.value ?? "").replace(",", ".")) || 0;
const shown = (x) => (Math.round((x + Number.EPSILON) * 100) / 100).toFixed(2);

export default function dose(form) {
  // By id: a name may belong to a button too, and then namedItem gives a list.
  const field = (id) => form.querySelector(`#${id}`);
  const unit = form.querySelector("[name='weight_unit']");
  const perKg = form.querySelector("[data-per-kg]");
  const perHour = form.querySelector("[data-per-kg-h]");

  function compute() {
    const [mg, weight, minutes] = ["dose_mg", "weight_kg", "minutes"].map((id) => number(field(id)));
    const kg = unit.value === "lb" ? weight * KG_PER_LB : weight;
    perKg.textContent = mg && kg ? `${shown(mg / kg)} mg/kg` : "";
    perHour.textContent = mg && kg && minutes ? `${shown((mg / kg / minutes) * 60)} mg/kg/h` : "";
  }
  function copy(button) {
    field(button.dataset.copy).value = button.dataset.value;
    if (button.dataset.copy === "weight_kg") unit.value = "kg";
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
