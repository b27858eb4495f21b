// Light, dark, or as the phone: kept on this device only.
export default function theme(element) {
  const buttons = [...element.querySelectorAll("[data-theme-choice]")];
  const show = (choice) => {
    for (const button of buttons) {
      const on = button.dataset.themeChoice === choice;
      button.classList.toggle("on", on);
      button.setAttribute("aria-pressed", String(on));
    }
  };
  for (const button of buttons) {
    button.addEventListener("click", () => {
      const choice = button.dataset.themeChoice;
      if (choice) {
        document.documentElement.dataset.theme = choice;
        localStorage.setItem("neap-theme", choice);
      } else {
        delete document.documentElement.dataset.theme;
        localStorage.removeItem("neap-theme");
      }
      show(choice);
    });
  }
  show(document.documentElement.dataset.theme ?? "");
}
