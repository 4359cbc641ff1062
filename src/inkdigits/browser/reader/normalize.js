// The preprocessing of all networks: ink of one digit, of any size, becomes their 28 x 28 input (normalize.py).

import { dilated, ellipse, eroded, sumOfDistances } from "./morphology.js";
import parameters from "./parameters.js";
import { boxAbove, crop, largest, pixels, roundEven, withMargin } from "./pixels.js";
import { resizedByArea, resizedLinear } from "./resize.js";

/** @typedef {import("./pixels.js").Pixels} Pixels */

const { SIZE, BOX, FAINT, FINE, STROKE_LEVEL } = parameters.normalize;
const { MIN_WIDTH, WIDTH_OF_THIN, MAX_WIDTH, WIDTH_OF_THICK } = parameters.normalize;

/**
 * White ink on black, 28 x 28, from ink that is light on black, near 255 at its strongest.
 * @param {Pixels} ink grey, with at least one pixel that is stronger than a faint edge
 */
export function normalizeInk(ink) {
  const cropped = cropInk(ink);
  const width = strokeWidth(cropped);
  if (width < MIN_WIDTH) return centred(resized(thickened(cropped, WIDTH_OF_THIN - width), BOX));
  if (width > MAX_WIDTH) return centred(resized(thinned(cropped, width - WIDTH_OF_THICK), BOX));
  return centred(resized(cropped, BOX));
}

/**
 * The smallest rectangle around the ink, with its faint edges where there is no noise.
 * @param {Pixels} ink
 */
function cropInk(ink) {
  const strong = boxAbove(ink, FAINT);
  const all = boxAbove(ink, 0);
  if (!strong || !all) throw new Error("no ink found: nothing in the picture contrasts with its paper");
  const spreads = [
    strong[0] - all[0], strong[1] - all[1],
    all[0] + all[2] - strong[0] - strong[2], all[1] + all[3] - strong[1] - strong[3],
  ];
  return crop(ink, Math.max(...spreads) <= 1 ? all : strong);
}

/**
 * With its longer side as long as `side`.
 * @param {Pixels} ink
 * @param {number} side
 */
function resized(ink, side) {
  const scale = side / Math.max(ink.width, ink.height);
  if (scale === 1) return ink;
  const [width, height] = [ink.width, ink.height].map((length) => Math.max(1, roundEven(length * scale)));
  return scale < 1 ? resizedByArea(ink, width, height) : resizedLinear(ink, width, height);
}

/**
 * The mean width of the strokes of cropped ink, in pixels of the 20 x 20 box; 0 without ink.
 * @param {Pixels} ink
 */
function strokeWidth(ink) {
  const fine = withMargin(resized(ink, BOX * FINE), 1);
  const level = Math.floor(STROKE_LEVEL * largest(fine.data));
  const mask = fine.data.map((value) => (value > level ? 1 : 0));
  const area = mask.reduce((sum, value) => sum + value, 0);
  return area ? (4 * sumOfDistances({ ...fine, data: mask })) / area / FINE : 0;
}

/**
 * @param {Pixels} ink
 * @param {number} by
 */
function thickened(ink, by) {
  const disc = roundKernel(by);
  const fine = withMargin(resized(ink, BOX * FINE), (disc.length >> 1) + 1);
  const full = Math.fround(255 / Math.max(1, largest(fine.data)));
  const thick = dilated(fine, disc);
  return cropInk({ ...thick, data: thick.data.map((value) => roundEven(Math.fround(value * full))) });
}

/**
 * Eroded, except for strokes that erosion would remove.
 * @param {Pixels} ink
 * @param {number} by
 */
function thinned(ink, by) {
  const disc = roundKernel(by);
  const fine = withMargin(resized(ink, BOX * FINE), (disc.length >> 1) + 1);
  const thin = eroded(fine, disc);
  const opened = dilated(thin, disc);
  const removed = { ...fine, data: fine.data.map((value, at) => Math.max(0, value - opened.data[at])) };
  const small = roundKernel(1);
  const strokes = dilated(eroded(removed, small), small);
  return cropInk({ ...thin, data: thin.data.map((value, at) => Math.max(value, strokes.data[at])) });
}

/**
 * A kernel that makes strokes wider or narrower by `width` pixels of the box.
 * @param {number} width
 */
function roundKernel(width) {
  return ellipse(Math.max(1, roundEven((width * FINE) / 2)));
}

/**
 * Put the centre of mass of the ink in the middle of 28 x 28, as far as the picture's edge allows.
 * @param {Pixels} ink
 */
function centred({ width, height, data }) {
  let [mass, across, down] = [0, 0, 0];
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      mass += data[at];
      across += data[at] * x;
      down += data[at] * y;
    }
  }
  const top = Math.min(Math.max(Math.floor(SIZE / 2 - down / mass + 0.5), 0), SIZE - height);
  const left = Math.min(Math.max(Math.floor(SIZE / 2 - across / mass + 0.5), 0), SIZE - width);
  const canvas = pixels(SIZE, SIZE);
  for (let y = 0; y < height; y++) canvas.data.set(data.subarray(y * width, (y + 1) * width), (top + y) * SIZE + left);
  return canvas;
}
