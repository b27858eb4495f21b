// Whom to call, from what this phone was told last: the numbers of the panel of help, and when the clinic opens.
const all = (selector) => [...document.querySelectorAll(selector)];

export async function fillCall(call) {
  const number = (name, digits) => {
    for (const link of all(`[data-call="${name}"]`)) {
      if (!digits) continue;
      link.href = `tel:${digits.replaceAll(" ", "")}`;
      link.querySelector("span").textContent = `Call ${digits}`;
    }
  };
  number("emergency", call.emergency);
  number("number", call.emergency);
  number("clinic", call.phone);
  const hours = document.querySelector('p[data-call="hours"]');
  const now = await self.neap.outbox.now();
  const next = call.opens?.find(({ until }) => Date.parse(until) > now);
  const isClosed = next && Date.parse(next.from) > now;
  hours.textContent = isClosed ? `${next.words} ${call.until}` : (call.hours ?? "");
  hours.hidden = !hours.textContent;
}
