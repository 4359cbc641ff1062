// Resizing as OpenCV does it: by area, cubic and linear (modules/imgproc/src/resize.cpp).

import { pixels, roundEven } from "./pixels.js";

/** @typedef {import("./pixels.js").Pixels} Pixels */
/** @typedef {{ sources: Int32Array, weights: Float32Array, starts: Int32Array }} Taps of each target, those from its start to the next one's */

/**
 * Reduced: each target is the mean of the area that it covers.
 * @param {Pixels} picture
 * @param {number} width at most the picture's
 * @param {number} height at most the picture's
 */
export function resizedByArea(picture, width, height) {
  const scaleX = 1 / (width / picture.width);
  const scaleY = 1 / (height / picture.height);
  if (isWhole(scaleX) && isWhole(scaleY)) return meansOfBlocks(picture, width, height, Math.round(scaleX), Math.round(scaleY));
  const across = areaTaps(picture.width, width, scaleX);
  const down = areaTaps(picture.height, height, scaleY);
  const target = pixels(width, height, picture.channels);
  const length = width * picture.channels;
  const line = new Float32Array(length);
  const sum = new Float32Array(length);
  let held = -1;
  for (let y = 0; y < height; y++) {
    sum.fill(0);
    for (let tap = down.starts[y]; tap < down.starts[y + 1]; tap++) {
      if (down.sources[tap] !== held) reduceLine(picture, (held = down.sources[tap]), across, line);
      const weight = down.weights[tap];
      for (let at = 0; at < length; at++) sum[at] += weight * line[at];
    }
    for (let at = 0; at < length; at++) target.data[y * length + at] = roundEven(sum[at]);
  }
  return target;
}

/** @param {number} scale */
function isWhole(scale) {
  return Math.abs(scale - Math.round(scale)) < Number.EPSILON;
}

/**
 * @param {Pixels} picture
 * @param {number} width
 * @param {number} height
 * @param {number} across pixels
 * @param {number} down pixels
 */
function meansOfBlocks({ width: wide, channels, data }, width, height, across, down) {
  const target = pixels(width, height, channels);
  const scale = Math.fround(1 / (across * down));
  const isTwoByTwo = across === 2 && down === 2;
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let channel = 0; channel < channels; channel++, to++) {
        let sum = 0;
        for (let row = y * down; row < (y + 1) * down; row++) {
          const start = (row * wide + x * across) * channels + channel;
          for (let at = start; at < start + across * channels; at += channels) sum += data[at];
        }
        target.data[to] = isTwoByTwo ? (sum + 2) >> 2 : roundEven(Math.fround(sum * scale));
      }
    }
  }
  return target;
}

/**
 * @param {number} size
 * @param {number} targets
 * @param {number} scale
 * @returns {Taps}
 */
function areaTaps(size, targets, scale) {
  /** @type {number[]} */
  const sources = [];
  /** @type {number[]} */
  const weights = [];
  const starts = new Int32Array(targets + 1);
  for (let target = 0; target < targets; target++) {
    const [low, high] = [target * scale, (target + 1) * scale];
    const cell = Math.min(scale, size - low);
    const last = Math.min(Math.floor(target * scale + scale), size - 1);
    const first = Math.min(Math.ceil(low), last);
    /** @type {(source: number, part: number) => void} */
    const add = (source, part) => {
      sources.push(source);
      weights.push(part / cell);
    };
    if (first - low > 1e-3) add(first - 1, first - low);
    for (let source = first; source < last; source++) add(source, 1);
    if (target * scale + scale - last > 1e-3) add(last, Math.min(target * scale + scale - last, 1, cell));
    starts[target + 1] = sources.length;
  }
  return { sources: Int32Array.from(sources), weights: Float32Array.from(weights), starts };
}

/**
 * @param {Pixels} picture
 * @param {number} row
 * @param {Taps} taps
 * @param {Float32Array} line
 */
function reduceLine({ width, channels, data }, row, { sources, weights, starts }, line) {
  const start = row * width * channels;
  const targets = starts.length - 1;
  for (let target = 0, to = 0; target < targets; target++) {
    const [first, last] = [starts[target], starts[target + 1] - 1];
    const end = start + sources[last] * channels;
    // All but the first and the last weigh the same.
    const inner = last - first > 1 ? weights[first + 1] : 0;
    const outer = last > first ? weights[last] : 0;
    for (let channel = 0; channel < channels; channel++, to++) {
      const begin = start + sources[first] * channels + channel;
      let sum = 0;
      for (let at = begin + channels; at < end; at += channels) sum += data[at];
      line[to] = data[begin] * weights[first] + sum * inner + data[end + channel] * outer;
    }
  }
}

/**
 * Enlarged by cubic convolution (Keys 1981, with a = -0.75).
 * @param {Pixels} picture
 * @param {number} width
 * @param {number} height
 */
export function resizedCubic(picture, width, height) {
  if (width === picture.width && height === picture.height) return picture;
  const wide = widened(picture, places(picture.width, width, 4), cubicWeights);
  const down = places(picture.height, height, 4);
  const target = pixels(width, height, picture.channels);
  const length = width * picture.channels;
  for (let y = 0; y < height; y++) {
    const weights = cubicWeights(down[y].fraction);
    const [a, b, c, d] = down[y].sources.map((source) => source * length);
    for (let at = 0; at < length; at++) {
      const upper = weights[0] * wide[a + at] + weights[1] * wide[b + at];
      const lower = weights[2] * wide[c + at] + weights[3] * wide[d + at];
      target.data[y * length + at] = Math.min(255, Math.max(0, roundEven(upper + lower)));
    }
  }
  return target;
}

const UNIT = 2048; // of the weights of linear interpolation, which are whole numbers

/**
 * Enlarged with straight lines between the pixels.
 * @param {Pixels} picture
 * @param {number} width
 * @param {number} height
 */
export function resizedLinear(picture, width, height) {
  if (width === picture.width && height === picture.height) return picture;
  const wide = widened(picture, places(picture.width, width, 2), linearWeights);
  const down = places(picture.height, height, 2);
  const target = pixels(width, height, picture.channels);
  const length = width * picture.channels;
  for (let y = 0; y < height; y++) {
    const [above, below] = linearWeights(down[y].fraction);
    const [first, second] = down[y].sources.map((source) => source * length);
    for (let at = 0; at < length; at++) {
      const sum = ((above * (wide[first + at] >> 4)) >> 16) + ((below * (wide[second + at] >> 4)) >> 16);
      target.data[y * length + at] = (sum + 2) >> 2;
    }
  }
  return target;
}

/** @param {number} x */
function cubicWeights(x) {
  const a = -0.75;
  const first = ((a * (x + 1) - 5 * a) * (x + 1) + 8 * a) * (x + 1) - 4 * a;
  const second = ((a + 2) * x - (a + 3)) * x * x + 1;
  const third = ((a + 2) * (1 - x) - (a + 3)) * (1 - x) * (1 - x) + 1;
  return [first, second, third, 1 - first - second - third];
}

/** @param {number} x */
function linearWeights(x) {
  return [roundEven((1 - x) * UNIT), roundEven(x * UNIT)];
}

/** @typedef {{ sources: number[], fraction: number }} Place The pixels that a target is made of, and where it is between the middle two. */

/**
 * @param {number} size
 * @param {number} targets
 * @param {number} count of sources for each target
 * @returns {Place[]}
 */
function places(size, targets, count) {
  const scale = 1 / (targets / size);
  return Array.from({ length: targets }, (_, target) => {
    const place = Math.fround((target + 0.5) * scale - 0.5);
    const first = Math.floor(place);
    const sources = Array.from({ length: count }, (__, tap) => (
      Math.min(size - 1, Math.max(0, first + tap + 1 - count / 2))
    ));
    return { sources, fraction: place - first };
  });
}

/**
 * Every row of a picture with the weighted sums of its pixels.
 * @param {Pixels} picture
 * @param {Place[]} across
 * @param {(fraction: number) => number[]} weightsOf
 */
function widened({ width, height, channels, data }, across, weightsOf) {
  const length = across.length * channels;
  const wide = new Float64Array(length * height);
  across.forEach(({ sources, fraction }, x) => {
    const weights = weightsOf(fraction);
    for (let y = 0; y < height; y++) {
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0;
        for (let tap = 0; tap < sources.length; tap++) {
          sum += weights[tap] * data[(y * width + sources[tap]) * channels + channel];
        }
        wide[y * length + x * channels + channel] = sum;
      }
    }
  });
  return wide;
}
