// Quarter turns: pictures whose digits lie on their side or upside down, found only where it is certain
// (reading/orientation.py).

import { decide } from "./decide.js";
import parameters from "./parameters.js";
import { pixels } from "./pixels.js";

/** @typedef {import("./pixels.js").Box} Box */
/** @typedef {import("./pixels.js").Pixels} Pixels */
/** @typedef {import("./segmentation.js").Segmentation} Segmentation */
/** @typedef {0 | 90 | 180 | 270} Rotation By how many degrees the digits of a picture are turned clockwise. */

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
 * The picture turned so that its digits stand upright.
 * @param {Pixels} picture
 * @param {Rotation} rotation
 */
export function upright(picture, rotation) {
  const { width, height, channels, data } = picture;
  if (!rotation) return picture;
  const turned = rotation === 180 ? pixels(width, height, channels) : pixels(height, width, channels);
  for (let y = 0, to = 0; y < turned.height; y++) {
    for (let x = 0; x < turned.width; x++, to += channels) {
      const [column, row] = rotation === 90 ? [width - 1 - y, x] : rotation === 180 ? [width - 1 - x, height - 1 - y] : [y, height - 1 - x];
      const from = (row * width + column) * channels;
      for (let channel = 0; channel < channels; channel++) turned.data[to + channel] = data[from + channel];
    }
  }
  return turned;
}

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
 * @param {Pixels} picture
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
