// Neap on the home screen: where the browser can ask by itself, the button does; else the words tell how.
const KEPT = "(display-mode: standalone)";

export default function install(sheet) {
  const part = (name) => document.querySelector(`[data-part="${name}"]`);
  const ask = part("ask");
  let question = null;
  if (matchMedia(KEPT).matches || navigator.standalone) {
    part("already").hidden = false;
    ask?.remove();
  }
  window.addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    question = event;
  });
  window.addEventListener("appinstalled", () => {
    document.getElementById("announce").textContent = "Neap is on this phone. Open it from the new icon.";
  });
  ask?.addEventListener("click", async () => {
    if (!question) {
      part("by-hand").focus();
      part("by-hand").scrollIntoView({ block: "center" });
      return;
    }
    const asked = question;
    question = null; // a question can be put once
    await asked.prompt();
    const { outcome } = await asked.userChoice;
    if (outcome === "accepted") location.assign("/today");
  });
}
