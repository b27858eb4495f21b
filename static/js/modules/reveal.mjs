// "Show" beside a passphrase: what is typed can be looked at, since a foggy head and sore hands mistype.
export default function reveal(box) {
  const field = box.querySelector("input");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn s";
  button.textContent = "Show";
  button.setAttribute("aria-pressed", "false");
  button.setAttribute("aria-controls", field.id);
  button.addEventListener("click", () => {
    const isShown = field.type === "text";
    field.type = isShown ? "password" : "text";
    button.textContent = isShown ? "Show" : "Hide";
    button.setAttribute("aria-pressed", String(!isShown));
  });
  field.form?.addEventListener("submit", () => (field.type = "password"));
  box.append(button);
}
