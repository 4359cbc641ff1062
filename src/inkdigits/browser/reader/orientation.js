// Quarter turns: pictures whose digits lie on their side or upside down, found only where it is certain
// (reading/orientation.py).

import { decide } from "./decide.js";
import parameters from "./parameters.js";

/** @typedef {import("./pixels.js").Box} Box */
/** @typedef {import("./segmentation.js").Segmentation} Segmentation */
/** @typedef {import("./pyramid.js").Rotation} Rotation */

/**
 * @typedef {object} Orientation How the part of a picture that is read lies in it, in pixels of the picture.
 * @property {number} left
 * @property {number} top
 * @property {number} width
 * @property {number} height
 * @property {Rotation} rotation
 */

const { MIN_SIDE, MIN_TELLING, MIN_DIGITS, MIN_MEAN, MAX_MEAN, MIN_RISE } = parameters.orientation;

/** @type {Rotation[]} */
export const QUARTER_TURNS = [90, 180, 270];

/**
 * A box of the upright part as a box of the picture.
 * @param {Orientation} part
 * @param {Box} box
 * @returns {Box}
 */
export function inPicture({ left, top, width, height, rotation }, [x, y, w, h]) {
  if (rotation === 90) return [left + width - y - h, top + x, h, w];
  if (rotation === 180) return [left + width - x - w, top + height - y - h, w, h];
  if (rotation === 270) return [left + y, top + height - x - w, h, w];
  return [left + x, top + y, w, h];
}

/**
 * Whether a picture whose digits look like this deserves a look at its other three turns.
 * @param {Segmentation} found
 * @param {import("./pyramid.js").Size} picture
 */
export function mayBeTurned(found, { width, height }) {
  return Math.max(width, height) >= MIN_SIDE && found.candidates.length > 0 && meanConfidence(found) <= MAX_MEAN;
}

/**
 * The place in `turned`, segmentations of the picture turned, of the one that reads certainly; -1 without one.
 * @param {Segmentation} asItIs
 * @param {Segmentation[]} turned
 */
export function certainlyTurned(asItIs, turned) {
  const means = turned.map(meanConfidence);
  const mean = Math.max(...means);
  const best = means.indexOf(mean);
  const outcomes = decide(turned[best]);
  const digits = turned[best].candidates.filter((_, place) => outcomes[place] === "digit");
  const telling = digits.filter((one) => one.value > 1).length;
  const isConfident = mean >= Math.max(MIN_MEAN, meanConfidence(asItIs) + MIN_RISE);
  return telling >= MIN_TELLING && digits.length >= MIN_DIGITS * outcomes.length && isConfident ? best : -1;
}

/** @param {Segmentation} found */
function meanConfidence({ candidates }) {
  return candidates.length ? candidates.reduce((sum, one) => sum + one.confidence, 0) / candidates.length : 0;
}
