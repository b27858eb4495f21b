// Keys of the desk: "/" to search, "j" and "k" from row to row; never while somebody types.
export default function keys(element) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, select, textarea")) return;
    if (event.key === "/") {
      const search = element.querySelector("input[type='search']");
      if (!search) return;
      event.preventDefault();
      search.focus();
    } else if (event.key === "j" || event.key === "k") {
      const rows = [...element.querySelectorAll("[data-row-link]")];
      const here = rows.indexOf(document.activeElement);
      const next = rows[here + (event.key === "j" ? 1 : -1)] ?? (here < 0 ? rows[0] : null);
      next?.focus();
    }
  });
}
