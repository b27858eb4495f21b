// What the page says about saving: "Saved" only after the server's answer, and never silence when there is none.
const HTMX = new URL("../vendor/htmx-2.0.11.min.js", import.meta.url).href;

// A day does without it unless its form has to be sent. It begins by itself only on a page that is complete.
async function fetched() {
  if (document.readyState !== "complete") await new Promise((done) => window.addEventListener("load", done, { once: true }));
  const script = document.createElement("script");
  script.src = HTMX;
  await new Promise((done, failed) => {
    script.onload = done;
    script.onerror = failed;
    document.head.append(script);
  });
}

export default async function saving(form) {
  try {
    await fetched();
  } catch {
    document.documentElement.classList.remove("js"); // then it is a plain form with its Save button
    return;
  }
  const asked = { "hx-post": form.getAttribute("action"), "hx-trigger": "change from:body, submit", "hx-swap": "none", "hx-sync": "this:queue all" };
  for (const [name, value] of Object.entries(asked)) form.setAttribute(name, value);
  htmx.process(form); // only here: were htmx asked from the start, it would send what the outbox keeps as well
  let typed = 0; // changes so far
  let sent = 0; // changes that the last request carried
  let kept = 0; // changes that the server has acknowledged
  const say = (words, extra) => {
    const state = document.getElementById("state");
    state?.replaceChildren(words, ...(extra ? [" ", extra] : []));
    state?.classList.toggle("wait", Boolean(extra));
  };
  const announce = (words) => {
    document.getElementById("announce").textContent = words;
  };

  function notSaved() {
    const again = document.createElement("button");
    again.type = "button";
    again.className = "linkish";
    again.textContent = "Try again";
    again.addEventListener("click", () => form.requestSubmit());
    say("Not saved yet.", again);
    announce("Not saved yet. We could not reach Neap. What you chose is still here.");
  }

  function accepted() {
    kept = sent;
    for (const field of document.querySelectorAll("[form='day-form'][aria-invalid]")) {
      field.removeAttribute("aria-invalid");
      document.getElementById(`${field.name}-error`)?.remove();
    }
    const problems = document.getElementById("problems");
    problems.hidden = true;
    problems.replaceChildren();
    announce("Saved");
  }

  document.addEventListener("input", (event) => {
    if (event.target.form === form) typed += 1;
  });
  const differs = (f) => (f.type === "radio" || f.type === "checkbox" ? f.checked !== f.defaultChecked : f.value !== f.defaultValue);
  form.addEventListener("htmx:beforeRequest", () => {
    sent = typed;
    say("Saving");
  });
  form.addEventListener("htmx:afterRequest", (event) => {
    const { status } = event.detail.xhr;
    if (status >= 200 && status < 300) accepted();
    else if (status !== 422) notSaved();
    else {
      say("Not saved yet.");
      document.querySelector("[form='day-form'][aria-invalid]")?.focus();
    }
  });
  // Left before the answer came, or before a note was sent: once more, as the same write, which the server knows.
  window.addEventListener("pagehide", () => {
    if (kept < typed) navigator.sendBeacon(form.action, new FormData(form));
  });
  // What was tapped before this was loaded; the server knows a repeat.
  if ([...form.elements].some((f) => "defaultValue" in f && f.type !== "hidden" && differs(f))) {
    typed += 1;
    form.requestSubmit();
  }
}
