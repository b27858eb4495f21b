// The worker. NEAP, the release it keeps, stands in the line that the server puts before this one.
// It keeps shell pages and versioned files, nothing personal; what a person wrote lies in IndexedDB, which it never clears.
"use strict";
const { release, version, shells, assets, outbox } = self.NEAP;
const CACHE = `neap-${release}`;
const ACTIVE = "neap-active-"; // an empty cache whose name says which release was in use last
const PATIENCE = 3000;
const SHELL_OF = [
  [/^\/(today|days\/\d{4}-\d\d-\d\d)$/, "/shell/day"],
  [/^\/days\/\d{4}-\d\d-\d\d\/more$/, "/shell/extras"],
  [/^\/(story|infusions(\/[\da-f-]{36})?|check-ins|sessions)$/, "/shell/kept"],
  [/^\/check-in$/, "/shell/check-in"],
  [/^\/intention$/, "/shell/intention"],
  [/^\/arrival$/, "/shell/arrival"],
  [/^\/word$/, "/shell/word"],
  [/^\/(more|copy|sharing|who-looked|report|goals|own-scores|medications(\/.+)?)$/, "/shell/more"],
  [/^\/(signing-in|passphrase|email|erase|install|reminders\/(phone|zone|calendar))$/, "/shell/more"],
  [/^\/reminders$/, "/shell/reminders"],
  [/^\/(open|reminders\/later)\/[\da-f-]{36}$/, "/shell/more"],
  [/^\/help$/, "/shell/help"],
];

if (outbox.length > 0) self.importScripts(...outbox);

self.addEventListener("install", (event) => event.waitUntil(keep()));
self.addEventListener("activate", (event) => event.waitUntil(clear()));
self.addEventListener("message", ({ data }) => {
  if (data === "skip-waiting") self.skipWaiting();
});
self.addEventListener("sync", (event) => {
  if (event.tag === "outbox" && self.neap?.outbox) event.waitUntil(self.neap.outbox.flush());
});
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (url.pathname.startsWith("/static/v-")) event.respondWith(file(request));
  else if (request.mode === "navigate") {
    const shell = SHELL_OF.find(([paths]) => paths.test(url.pathname))?.[1];
    if (shell) event.respondWith(page(request, shell));
  }
});

// All of it or nothing: while the server changes its version an answer may belong to another release.
async function keep() {
  const found = await Promise.all([...assets.map(fetchAsset), ...shells.map(fetchShell)]);
  await caches.delete(CACHE);
  const cache = await caches.open(CACHE);
  try {
    await Promise.all(found.map(([url, response]) => cache.put(url, response)));
  } catch (error) {
    await caches.delete(CACHE);
    throw error;
  }
}
async function fetchAsset(url) {
  const response = await ours(url, {});
  if (!response.headers.get("Cache-Control")?.includes("immutable")) throw new Error(`not of this version: ${url}`);
  return [url, response];
}
async function fetchShell(url) {
  const response = await ours(url, { cache: "reload", credentials: "omit" });
  if (!(await response.clone().text()).includes(`/static/v-${version}/`)) throw new Error(`not of this version: ${url}`);
  return [url, response];
}
async function ours(url, options) {
  const response = await fetch(url, { redirect: "error", ...options });
  const isOurs = response.status === 200 && !response.redirected && response.type === "basic" && response.headers.has("Neap");
  if (!isOurs) throw new Error(`no answer of ours: ${url}`);
  return response;
}

// Pages of the last release may still be open: their files stay until the next change.
async function clear() {
  const names = await caches.keys();
  const last = names.find((name) => name.startsWith(ACTIVE))?.slice(ACTIVE.length);
  for (const name of names) {
    if (name.startsWith("neap-") && name !== CACHE && name !== last) await caches.delete(name);
  }
  await caches.open(ACTIVE + CACHE);
}

const file = async (request) => (await caches.match(request, { ignoreVary: true })) ?? fetch(request);

// The network for three seconds; then, or when the answer is a portal's or the server is ill, the shell.
async function page(request, shell) {
  const answer = fetch(request).then(
    (response) => (isAnswer(response) ? response : null),
    () => null,
  );
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE, null));
  const inTime = await Promise.race([answer, late]);
  if (inTime) return inTime;
  const kept = await caches.match(shell, { cacheName: CACHE, ignoreVary: true });
  return kept ?? (await answer) ?? Response.error();
}
const isAnswer = (response) =>
  response.type === "opaqueredirect" || (response.headers.get("Neap") === "1" && response.status < 500);
