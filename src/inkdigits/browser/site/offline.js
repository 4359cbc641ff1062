// Keeps the whole site for use without a network. files.js names its files, and its bytes change with theirs.

importScripts("files.js");

self.addEventListener("install", (event) => {
  self.skipWaiting();
  // What the page has fetched already is asked for again only where it has changed.
  const requests = FILES.map((file) => new Request(file, { cache: "no-cache" }));
  event.waitUntil(caches.open(VERSION).then((cache) => cache.addAll(requests)));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(keepOnly(VERSION).then(() => self.clients.claim()));
});

// Other sites of the same origin have caches too.
async function keepOnly(version) {
  const names = (await caches.keys()).filter((name) => name.startsWith("inkdigits-") && name !== version);
  await Promise.all(names.map((name) => caches.delete(name)));
}

self.addEventListener("fetch", (event) => {
  if (event.request.method !== "GET" || new URL(event.request.url).origin !== self.location.origin) return;
  event.respondWith(answer(event.request));
});

async function answer(request) {
  const cache = await caches.open(VERSION);
  return (await cache.match(request, { ignoreSearch: true })) ?? fetch(request);
}
