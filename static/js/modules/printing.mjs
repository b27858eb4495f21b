// A button that prints the page.
export default function printing(place) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn wide";
  button.textContent = "Print this page";
  button.addEventListener("click", () => print());
  place.append(button);
}
