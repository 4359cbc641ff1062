// What the finder says of every pixel of a picture, and the runs of both networks.

import parameters from "./parameters.js";

/** @typedef {import("./pixels.js").Pixels} Pixels */

/**
 * @typedef {object} InkMaps The finder's answer for each pixel of a picture.
 * @property {number} width
 * @property {number} height
 * @property {Float32Array} digit how much of the pixel ink of a digit covers, 0 to 1
 * @property {Float32Array} other how much of it other ink covers, 0 to 1
 * @property {Float32Array} ink how much of it any ink covers, 0 to 1
 * @property {Float32Array} right where the middle of the digit's box is, in pixels
 * @property {Float32Array} down
 */

/**
 * @typedef {object} Networks
 * @property {(picture: Pixels) => Promise<InkMaps>} find takes sides that are multiples of the finder's
 * @property {(images: Pixels[]) => Promise<Float32Array[]>} classify ten probabilities for each picture of 28 x 28
 */

/**
 * The two networks, loaded by ONNX Runtime Web.
 * @param {typeof import("onnxruntime-web")} ort
 * @param {{ finder: Uint8Array, classifier: Uint8Array }} files the bytes of finder.onnx and reader.onnx
 * @returns {Promise<Networks>}
 */
export async function loadNetworks(ort, files) {
  const options = /** @type {const} */ ({ executionProviders: ["wasm"] });
  const finder = await ort.InferenceSession.create(files.finder, options);
  const classifier = await ort.InferenceSession.create(files.classifier, options);
  return {
    find: (picture) => inTurn(() => find(ort, finder, picture)),
    classify: (images) => inTurn(() => classify(ort, classifier, images)),
  };
}

// ONNX Runtime Web computes one thing at a time.
let last = Promise.resolve();

/**
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
function inTurn(work) {
  const result = last.then(work);
  last = result.then(() => undefined, () => undefined);
  return result;
}

/**
 * @param {typeof import("onnxruntime-web")} ort
 * @param {import("onnxruntime-web").InferenceSession} session
 * @param {Pixels} picture
 * @returns {Promise<InkMaps>}
 */
async function find(ort, session, { width, height, data }) {
  const pictures = new ort.Tensor("uint8", data, [1, height, width, 3]);
  const { ink, offset } = await session.run({ pictures });
  const [covers, offsets] = [ink, offset].map((tensor) => /** @type {Float32Array} */ (tensor.data));
  const area = width * height;
  const digit = covers.subarray(0, area);
  const other = covers.subarray(area);
  const lengths = offsets.map((value) => value * parameters.finder.OFFSET_UNIT);
  return {
    width,
    height,
    digit,
    other,
    ink: digit.map((value, at) => Math.min(1, value + other[at])),
    right: lengths.subarray(0, area),
    down: lengths.subarray(area),
  };
}

const BATCH = 250; // pictures that are computed at once, which bounds the memory

/**
 * @param {typeof import("onnxruntime-web")} ort
 * @param {import("onnxruntime-web").InferenceSession} session
 * @param {Pixels[]} images
 */
async function classify(ort, session, images) {
  /** @type {Float32Array[]} */
  const answers = [];
  for (let start = 0; start < images.length; start += BATCH) {
    const batch = images.slice(start, start + BATCH);
    const { SIZE } = parameters.normalize;
    const data = new Uint8Array(batch.length * SIZE * SIZE);
    batch.forEach((image, place) => data.set(image.data, place * SIZE * SIZE));
    const feeds = { images: new ort.Tensor("uint8", data, [batch.length, SIZE, SIZE]) };
    const { probabilities } = await session.run(feeds, ["probabilities"]);
    const all = /** @type {Float32Array} */ (probabilities.data);
    batch.forEach((_, place) => answers.push(all.slice(10 * place, 10 * place + 10)));
  }
  return answers;
}
