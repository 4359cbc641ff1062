// The package for Node and browsers: `Reader` with its networks and ONNX Runtime Web.

// @ts-expect-error -- its types name the package, not its parts
import * as ort from "#onnxruntime";
import { DigitReader } from "./reader.js";

/** @typedef {import("./reader.js").Reading} Reading */
/** @typedef {import("./reader.js").Digit} Digit */
/** @typedef {import("./reader.js").Picture} Picture */
/** @typedef {import("./reader.js").ReadOptions} ReadOptions */

export class Reader extends DigitReader {
  /**
   * A reader with the networks of this package, or of the folder at another address.
   * @param {{ weights?: string | URL }} [options] the address of a folder with finder.onnx and reader.onnx, ending in a slash
   * @returns {Promise<Reader>}
   */
  static async load({ weights = new URL("./", import.meta.url) } = {}) {
    const [finder, classifier] = await Promise.all(["finder.onnx", "reader.onnx"].map((name) => bytes(new URL(name, weights))));
    return new Reader((await DigitReader.create(ort, { finder, classifier })).networks);
  }
}

/** @param {URL} address */
async function bytes(address) {
  if (address.protocol === "file:") return new Uint8Array(await (await import("node:fs/promises")).readFile(address));
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address}: the server answered with status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
