// Reads on this device, in a Web Worker; nothing is sent anywhere. The functions are those of api.js.

import { collectCorrection } from "./collected.js";

const MODEL = "reader";
const worker = new Worker(new URL("../reader/worker.js", import.meta.url), { type: "module" });
const waiting = new Map();
let count = 0;

worker.addEventListener("message", ({ data: { id, value, error } }) => {
  const { resolve, reject } = waiting.get(id);
  waiting.delete(id);
  if (error === undefined) resolve(value);
  else reject(new Error(error));
});

worker.addEventListener("error", (event) => {
  for (const { reject } of waiting.values()) reject(new Error(`The reader cannot start: ${event.message || "its files are missing"}`));
  waiting.clear();
});

function ask(kind, request = {}) {
  return new Promise((resolve, reject) => {
    waiting.set(++count, { resolve, reject });
    worker.postMessage({ id: count, kind, ...request });
  });
}

export async function readPicture(file) {
  try {
    return [await ask("read", { file })];
  } catch (error) {
    return [{ path: "", page: 1, outcome: "error", string: "", error: error.message, size: [0, 0], digits: [], separators: [] }];
  }
}

export async function classify(image, _, explain) {
  return { results: [{ model: MODEL, pictures: [await ask("classify", { image, explain })] }] };
}

export async function keepCorrection(image, label) {
  collectCorrection(image, label);
  return { file: null };
}

export async function listModels() {
  const { threads } = await ask("ready");
  document.documentElement.dataset.threads = threads;
  if ("serviceWorker" in navigator && document.querySelector('link[rel="manifest"]')) navigator.serviceWorker.register("offline.js");
  return { default: MODEL, corrections: true, models: [{ name: MODEL }] };
}
