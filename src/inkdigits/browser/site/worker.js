// The reader in a Web Worker: answers { id, kind, ... } with { id, value } or { id, error }.

import * as ort from "../runtime/onnxruntime.js";
import { explained } from "./explain.js";
import { DigitReader } from "./reader.js";

const runtime = (name) => new URL(`../runtime/${name}`, import.meta.url).href;
ort.env.wasm.wasmPaths = { mjs: runtime("onnxruntime_wasm.js"), wasm: runtime("onnxruntime.wasm") };
// Threads need a page that is isolated from others.
ort.env.wasm.numThreads = self.crossOriginIsolated ? Math.min(4, navigator.hardwareConcurrency) : 1;

const loading = load();

async function load() {
  const [finder, classifier] = await Promise.all(["finder.onnx", "reader.onnx"].map(fetchBytes));
  const reader = await DigitReader.create(ort, { finder, classifier });
  // The first run of a network compiles it.
  await reader.read({ width: 65, height: 65, data: new Uint8Array(4 * 65 * 65).fill(255) });
  return reader;
}

async function fetchBytes(name) {
  const response = await fetch(new URL(name, import.meta.url));
  if (!response.ok) throw new Error(`${name}: status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

const ANSWERS = {
  async ready() {
    await loading;
    return { threads: ort.env.wasm.numThreads };
  },
  async read({ file }) {
    const reader = await loading;
    const began = performance.now();
    const reading = await reader.read(file);
    return { ...reading, path: file.name ?? "", page: 1, error: null, milliseconds: performance.now() - began };
  },
  async classify({ image, explain }) {
    const reader = await loading;
    return explained(reader, Uint8Array.from(image.flat()), explain);
  },
};

self.addEventListener("message", async ({ data: { id, kind, ...request } }) => {
  try {
    self.postMessage({ id, value: await ANSWERS[kind](request) });
  } catch (error) {
    self.postMessage({ id, error: error.message });
  }
});
