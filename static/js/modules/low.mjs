// Low energy: three questions, switched on this screen without asking the server.
const LOW = ["pain", "mood", "fatigue"];
const ALL = ["pain", "fatigue", "sleep", "mood", "cognition"];

export default function low(form) {
  const list = document.querySelector(".scores");
  const ask = document.getElementById("ask");
  const enough = ask?.querySelector(".enough");
  if (!enough || list.children.length < ALL.length) return; // the server's own low page has three rows only
  const button = form.querySelector("button");

  function set(isOn) {
    const order = isOn ? [...LOW, ...ALL.filter((key) => !LOW.includes(key))] : ALL;
    for (const key of order) {
      const [row, question] = [document.getElementById(`row-${key}`), document.getElementById(`q-${key}`)];
      list.append(row);
      row.hidden = isOn && !LOW.includes(key);
      if (!question) continue;
      enough.before(question);
      question.hidden = row.hidden;
    }
    button.setAttribute("aria-checked", String(isOn));
    form.classList.toggle("asking", !isOn);
    enough.hidden = document.querySelector(".rest").hidden = !isOn;
    history.replaceState(null, "", location.pathname + (isOn ? "?low=1" : ""));
    document.dispatchEvent(new CustomEvent("neap:questions"));
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    set(button.getAttribute("aria-checked") !== "true");
  });
  enough.addEventListener("click", (event) => {
    event.preventDefault();
    document.dispatchEvent(new CustomEvent("neap:enough"));
  });
  if (new URLSearchParams(location.search).has("low")) set(true);
}
