// Before the first paint: that scripts run, and the person's own choice of light or dark.
document.documentElement.classList.add("js");
try {
  const theme = localStorage.getItem("neap-theme");
  if (theme) document.documentElement.dataset.theme = theme;
} catch {
  // storage may be closed; the phone's own setting holds
}
