// What she chose to count is ticked without internet too: the tick goes to the outbox, as a check-in does.
import { make } from "./dayview.mjs";
import { whoIsHere } from "./person.mjs";
import { diaryDay, plural } from "./words.mjs";

// `at` is when the server made what stands here: this page, or the one that was kept.
export default async function ticks(root, at = performance.timeOrigin) {
  const person = await whoIsHere();
  if (!person) return;
  const { store, outbox } = self.neap;
  const day = diaryDay(await outbox.now(), (await store.meta("around"))?.zone);
  const rows = [...root.querySelectorAll("[data-tick]")].map(begin);

  function begin(row) {
    const { tick: target, agreed, until, on, done, count, seen } = row.dataset;
    for (const old of row.querySelectorAll("form, .ticking")) old.remove();
    if (day < agreed || (until && day > until)) return () => {};
    const key = store.keyOf({ kind: "commitment", target, day });
    const [button, state] = [make("button", "btn wide ticking"), make("p", "muted ticking")];
    button.type = "button";
    let isDone = false;
    button.addEventListener("click", async () => {
      const { base } = await outbox.shown(person, key);
      const shown = [...(base.done ?? []), ...(on === day && seen ? seen.split(" ") : [])];
      const fields = { done: isDone ? "no" : "yes" };
      await outbox.record({ kind: "commitment", target, day, fields, base: { done: [...new Set(shown)] } });
      await paint();
      document.getElementById("announce").textContent = state.textContent;
    });
    row.append(button, state);

    async function paint() {
      const { values, waiting, held } = await outbox.shown(person, key);
      const isOwn = waiting > 0 || (await store.sentSince(person, at)).has(key);
      isDone = isOwn ? values.done === "yes" : on === day && done === "yes";
      button.textContent = isDone ? "Done today. Take it back" : "I did it today";
      button.classList.toggle("on", isDone);
      const why = Object.values(held[0]?.why?.fields ?? {}).join(" ");
      state.textContent = held.length ? `Not taken: ${why}` : waiting ? "Saved on this phone" : isOwn ? "Saved" : "";
      counted(on === day ? count.split(" ").map((n) => Number(n) + isDone) : null);
    }
    function counted(numbers) {
      const words = numbers === null ? "" : numbers[1] ? `${numbers[0]} of ${plural(numbers[1], "day")}` : "no day yet";
      for (const place of row.querySelectorAll("[data-counted]")) place.textContent = words;
    }
    return paint;
  }

  const all = () => Promise.all(rows.map((paint) => paint()));
  outbox.listen(all);
  await all();
  root.dataset.ready = "";
}
