// The digit that each pixel of ink belongs to: pixels that point to the same middle (reading/components.py).

import { connectedComponents } from "./connected.js";
import { ellipse } from "./morphology.js";
import parameters from "./parameters.js";
import { median, roundEven } from "./pixels.js";

/** @typedef {import("./finder.js").InkMaps} InkMaps */

const { HEIGHT_OF_DISTANCE, SPREAD, MIN_SPREAD, MIN_PEAK, PEAK_WIDTH, MIN_PEAK_WIDTH } = parameters.components;

/**
 * A number for each of the pixels `places`: of the middle that it points to, 0 where that is none.
 * @param {InkMaps} maps
 * @param {Int32Array} places
 */
export function middleOfEach(maps, places) {
  const { width, height, right, down } = maps;
  const targets = new Int32Array(places.length);
  const distances = new Float32Array(places.length);
  places.forEach((place, at) => {
    const x = Math.min(width - 1, Math.max(0, roundEven((place % width) + right[place])));
    const y = Math.min(height - 1, Math.max(0, roundEven(Math.floor(place / width) + down[place])));
    targets[at] = y * width + x;
    distances[at] = Math.hypot(right[place], down[place]);
  });
  const digitHeight = HEIGHT_OF_DISTANCE * Math.fround(median(distances));
  const votes = new Float32Array(width * height);
  for (const target of targets) votes[target]++;
  const density = blurred(votes, width, height, Math.max(MIN_SPREAD, SPREAD * digitHeight));
  const reach = Math.max(MIN_PEAK_WIDTH, roundEven(PEAK_WIDTH * digitHeight)) | 1;
  const { labels } = connectedComponents(peaks(density, width, height, reach >> 1), width, height);
  return targets.map((target) => labels[target]);
}

/**
 * Blurred by a Gaussian of 4 standard deviations to each side; the border is mirrored.
 * @param {Float32Array} votes mostly 0
 * @param {number} width
 * @param {number} height
 * @param {number} deviation
 */
function blurred(votes, width, height, deviation) {
  const size = roundEven(deviation * 8 + 1) | 1;
  const kernel = gaussian(size, deviation);
  const across = new Float32Array(votes.length);
  const both = new Float32Array(votes.length);
  const [columns, rows] = [mirrored(width, size >> 1), mirrored(height, size >> 1)];
  for (let start = 0; start < votes.length; start += width) spread(votes, across, start, 1, columns, kernel);
  for (let column = 0; column < width; column++) spread(across, both, column, width, rows, kernel);
  return both;
}

/**
 * @param {number} size
 * @param {number} deviation
 */
function gaussian(size, deviation) {
  const values = Array.from({ length: size }, (_, at) => Math.exp(-((at - (size - 1) / 2) ** 2) / (2 * deviation ** 2)));
  const sum = values.reduce((total, value) => total + value, 0);
  return Float32Array.from(values, (value) => value / sum);
}

/**
 * Where the places from -`reach` to `length` + `reach` are in a line of `length` pixels.
 * @param {number} length
 * @param {number} reach
 */
function mirrored(length, reach) {
  const period = Math.max(1, 2 * length - 2);
  return Int32Array.from({ length: length + 2 * reach }, (_, at) => {
    const place = (((at - reach) % period) + period) % period;
    return Math.min(place, period - place) % length;
  });
}

/**
 * Add each value of a line, times the kernel, to the places around it.
 * @param {Float32Array} from
 * @param {Float32Array} to
 * @param {number} start
 * @param {number} step
 * @param {Int32Array} places
 * @param {Float32Array} kernel
 */
function spread(from, to, start, step, places, kernel) {
  const length = places.length - kernel.length + 1;
  for (let at = 0; at < places.length; at++) {
    const value = from[start + places[at] * step];
    if (!value) continue;
    const end = Math.min(length - 1, at);
    for (let target = Math.max(0, at - kernel.length + 1); target <= end; target++) {
      to[start + target * step] += value * kernel[at - target];
    }
  }
}

/**
 * A mask of what is near the largest value within a disc.
 * @param {Float32Array} density
 * @param {number} width
 * @param {number} height
 * @param {number} radius
 */
function peaks(density, width, height, radius) {
  const reaches = ellipse(radius);
  const levels = maximaOfRuns(density, width, radius);
  const mask = new Uint8Array(density.length);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      if (!density[at]) continue;
      let most = 0;
      for (let row = Math.max(0, y - radius); row <= Math.min(height - 1, y + radius); row++) {
        const reach = reaches[row - y + radius];
        const [low, high] = [Math.max(0, x - reach), Math.min(width - 1, x + reach)];
        const level = 31 - Math.clz32(high - low + 1);
        const runs = levels[level];
        const start = row * width;
        most = Math.max(most, runs[start + low], runs[start + high + 1 - (1 << level)]);
      }
      if (density[at] > Math.fround(Math.fround(MIN_PEAK) * most)) mask[at] = 1;
    }
  }
  return mask;
}

/**
 * Of every place, the largest of the 1, 2, 4, 8 ... values from it on.
 * @param {Float32Array} density
 * @param {number} width
 * @param {number} radius
 */
function maximaOfRuns(density, width, radius) {
  const levels = [density];
  for (let length = 1; 2 * length <= 2 * radius + 1 && 2 * length <= width; length *= 2) {
    const last = levels[levels.length - 1];
    const next = new Float32Array(density.length);
    for (let start = 0; start < density.length; start += width) {
      const end = start + width - 2 * length;
      for (let at = start; at <= end; at++) next[at] = last[at] > last[at + length] ? last[at] : last[at + length];
    }
    levels.push(next);
  }
  return levels;
}
