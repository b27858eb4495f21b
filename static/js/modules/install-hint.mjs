// The hint how to keep Neap on the phone: once on this device, and not to who has done it.
const KEY = "neap-install-hint";
let isShown = false; // on this page; after a swap it is still the same once

export default function hint(element) {
  if (matchMedia("(display-mode: standalone)").matches || navigator.standalone) return;
  try {
    if (localStorage.getItem(KEY) && !isShown) return;
    localStorage.setItem(KEY, "shown");
  } catch {
    return; // storage is closed, so it could not be once
  }
  isShown = true;
  element.hidden = false;
}
