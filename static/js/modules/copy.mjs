// "Copy as text": what the link leads to goes to the clipboard; without scripts, or where that is refused, it is opened.
export default function copy(link) {
  link.addEventListener("click", async (event) => {
    if (!navigator.clipboard || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    try {
      const answer = await fetch(link.href, { redirect: "error", cache: "no-store" });
      if (!answer.ok) throw new Error(String(answer.status));
      await navigator.clipboard.writeText(await answer.text());
      document.getElementById("announce").textContent = "Copied.";
      link.lastChild.textContent = "Copied";
    } catch {
      location.assign(link.href);
    }
  });
}
