// What the worker does with reminders: each push shows something, says that it came, and opens the right page.
// Nothing here is about health; "Later" and "Not today" carry the day that the notification named.
(() => {
  const URL_OF = "/api/v1/reminders/";
  const PATIENCE = 15000;
  const ICON = "/static/icons/icon-192.png"; // a lasting name: a notification may outlive a version
  const PLAIN = { title: "Neap", body: "Time for a moment.", path: "/today", tag: "neap" };
  const NOT_REACHED = "Neap could not be reached, so nothing was changed. Please touch to open it.";
  const DAY = /^\d{4}-\d\d-\d\d$/;

  self.addEventListener("push", (event) => event.waitUntil(come(told(event.data))));
  self.addEventListener("notificationclick", (event) => {
    event.notification.close();
    event.waitUntil(event.action ? answer(event.action, event.notification) : open(pathOf(event.notification.data)));
  });
  self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(changed(event)));

  // Whatever came: an iPhone ends the subscription of a worker that shows nothing.
  function told(data) {
    try {
      const found = data.json();
      const isOurs = ["title", "body", "tag", "day", "id"].every((name) => typeof found[name] === "string" && found[name]);
      if (isOurs && DAY.test(found.day)) return found;
    } catch {
      // not JSON, or nothing at all
    }
    return PLAIN;
  }
  // A path of ours, and nothing else.
  function pathOf(data) {
    const path = data?.path;
    if (typeof path !== "string") return PLAIN.path;
    const url = new URL(path, self.location.origin);
    return path.startsWith("/") && url.origin === self.location.origin ? url.pathname + url.search + url.hash : PLAIN.path;
  }

  const hasActions = () => "actions" in Notification.prototype && Notification.maxActions > 1;
  async function come(message) {
    await show(message, message.body);
    if (message.id) await said("receipts", { id: message.id, endpoint: await endpoint() });
  }
  function show({ title, tag, id, day, path }, body) {
    const isAsking = id && tag !== "test" && hasActions();
    const actions = [{ action: "later", title: "Later" }, { action: "not_today", title: "Not today" }];
    return self.registration.showNotification(title, {
      body, tag, icon: ICON, lang: "en", data: { id, day, path, title, tag, body, at: Date.now() },
      ...(isAsking && { actions }),
    });
  }

  async function answer(action, { data }) {
    const done = await said("answers", { id: data.id, day: data.day, answer: action });
    if (!done) await show(data, NOT_REACHED);
  }

  // A window that is there already is looked at, but what is open in it stays: it may hold words that are not kept yet.
  async function open(path) {
    const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
    const there = windows.find(({ url }) => new URL(url).pathname === path.split(/[?#]/)[0]);
    return there ? there.focus() : self.clients.openWindow(path);
  }

  // The browser has given the subscription another address: the server is told, as the same person only.
  async function changed({ oldSubscription, newSubscription }) {
    const mine = await self.neap?.store?.meta("push");
    if (!mine) return;
    const applicationServerKey = oldSubscription?.options?.applicationServerKey ?? mine.key;
    const fresh = newSubscription ?? (await self.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey }));
    const { endpoint: address, keys } = fresh.toJSON();
    const former = oldSubscription?.endpoint ?? mine.endpoint;
    const done = await said("phone", { person: mine.person, endpoint: address, keys, ...(former && { former }) }, "PUT");
    if (done) await self.neap.store.setMeta("push", { ...mine, endpoint: address });
  }

  async function endpoint() {
    const found = await self.registration.pushManager?.getSubscription().catch(() => null);
    return found?.endpoint ?? "";
  }
  async function said(what, body, method = "POST") {
    try {
      const response = await fetch(URL_OF + what, {
        method, headers: { "Content-Type": "application/json", "Neap-Client": "1" }, body: JSON.stringify(body),
        redirect: "error", cache: "no-store", credentials: "same-origin", signal: AbortSignal.timeout(PATIENCE),
      });
      return response.status === 200 && typeof (await response.json()).state === "string";
    } catch {
      return false;
    }
  }
  (self.neap ??= {}).push = { come, told, open, answer, changed, pathOf };
})();
