// Before the first paint: that scripts run, the person's own choice of light or dark, and whether the app lock covers.
// And what was touched last, for the pad, which comes later: a row asks its question again, a key answers one.
document.documentElement.classList.add("js");
try {
  const theme = localStorage.getItem("neap-theme");
  if (theme) document.documentElement.dataset.theme = theme;
  const minutes = Number(localStorage.getItem("neap-lock"));
  if (minutes) {
    const { used = 0 } = JSON.parse(sessionStorage.getItem("neap-open") ?? "{}");
    if (Math.abs(Date.now() - used) > minutes * 60000) {
      document.documentElement.dataset.locked = "";
      sessionStorage.removeItem("neap-open");
    }
  }
} catch {
  // storage may be closed; the phone's own setting holds
}
document.addEventListener("click", ({ target }) => {
  const touched = target.closest("[data-key]");
  if (touched) (self.neap ??= {}).touched = touched;
});
