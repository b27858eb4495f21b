// A report is made while its page stays: it says so, can be stopped, waits its turn by itself, and then stands in the list.
const SECONDS = 1000;

export default function report(form) {
  const said = form.parentElement.querySelector(".making");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const stopping = new AbortController();
    const button = form.querySelector("button");
    button.disabled = true;
    make(form, said, stopping.signal, tell(said, stopping))
      .catch((error) => {
        said.textContent =
          error.name === "AbortError"
            ? "Stopped. Nothing was made."
            : "We could not reach Neap. Nothing was made; please try again.";
      })
      .finally(() => (button.disabled = false));
  });
}

// The words, and beside them the way out; gives what changes the words.
function tell(said, stopping) {
  const words = document.createElement("span");
  const stop = Object.assign(document.createElement("button"), { type: "button", className: "btn", textContent: "Stop" });
  stop.addEventListener("click", () => stopping.abort());
  said.replaceChildren(words, stop);
  return (text) => (words.textContent = text);
}

async function make(form, said, signal, say) {
  const address = `${form.action}?${new URLSearchParams(new FormData(form))}`;
  say("Being made. Most take a second or two.");
  for (;;) {
    const answer = await fetch(address, { signal, cache: "no-store", redirect: "manual" });
    if (answer.status === 503) {
      say("Other reports are being made first. This one is asked for again by itself.");
      await waited(Number(answer.headers.get("Retry-After")) || 5, signal);
      continue;
    }
    // What has to be mended, and a session that is over, have pages of their own.
    if (!answer.ok) return location.assign(address);
    hand(await answer.blob(), /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition"))?.[1]);
    said.textContent = "It is made, and with your downloads.";
    return renew(form.dataset.again);
  }
}

function waited(seconds, signal) {
  return new Promise((go, stop) => {
    const timer = setTimeout(go, seconds * SECONDS);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      stop(signal.reason);
    });
  });
}

function hand(file, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(file), download: name ?? "" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60 * SECONDS);
}

async function renew(address) {
  const answer = await fetch(address, { cache: "no-store" });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  document.getElementById("made").replaceWith(page.getElementById("made"));
}
