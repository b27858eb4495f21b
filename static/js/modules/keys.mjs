// Keys of the desk: "/" to search, "j" and "k" from row to row, "?" for the list; never while somebody types.
export default function keys(desk) {
  const list = desk.querySelector("#keys");
  for (const hint of desk.querySelectorAll("[data-search]")) {
    hint.hidden = !desk.querySelector("input[type='search']");
  }
  const step = (by) => {
    const rows = [...desk.querySelectorAll("[data-row-link]")];
    const here = rows.indexOf(document.activeElement);
    (rows[here < 0 ? 0 : here + by] ?? rows[here])?.focus();
  };
  const actions = {
    "/": () => desk.querySelector("input[type='search']")?.focus(),
    "?": () => list?.showModal(),
    j: () => step(1),
    k: () => step(-1),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || list?.open) return;
    if (event.target.closest("input, select, textarea")) return;
    if (!Object.hasOwn(actions, event.key)) return;
    event.preventDefault();
    actions[event.key]();
  });
}
