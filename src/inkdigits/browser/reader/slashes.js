// Slashes between digits, which the classifier takes for ones (reading/slashes.py).

import { areInOneRow, nearestAfter, nearestBefore } from "./neighbours.js";
import parameters from "./parameters.js";

/** @typedef {import("./pixels.js").Box} Box */
/** @typedef {import("./component.js").Component} Component */
/** @typedef {import("./segmentation.js").Candidate} Candidate */
/** @typedef {{slant: number, isPlain: boolean, isPrinted: boolean}} Stroke */
/** @typedef {{stroke: Stroke, beside: Box[]}} Leaning a plain stroke, and the boxes of the digits beside it */

const {
  MIN_SLANT, MIN_HEIGHT, MIN_BELOW, MIN_EQUAL_HEIGHT, MIN_STEEPER, MIN_WRITTEN_HEIGHT, MIN_WRITTEN_BEYOND, MAX_GAP, END,
  MAX_DEVIATION, MAX_WIDENING, MAX_PRINTED_DEVIATION, MAX_PRINTED_WIDENING, MIN_ROWS,
} = parameters.slashes;

/**
 * The places of the slashes among `candidates`.
 * @param {Candidate[]} candidates
 * @param {boolean[]} accepted which are taken for digits
 * @returns {number[]}
 */
export function findSlashes(candidates, accepted) {
  const boxes = candidates.map(({ component }) => component.inkBox);
  const ones = candidates.flatMap(({ value }, place) => (value === 1 && accepted[place] ? [place] : []));
  return [...leaningStrokes(candidates, accepted)].flatMap(([place, { stroke, beside }]) => {
    const { height, above, below } = sizeBeside(boxes[place], beside);
    if (!stroke.isPrinted) {
      return height >= MIN_WRITTEN_HEIGHT && Math.min(above, below) >= MIN_WRITTEN_BEYOND ? [place] : [];
    }
    if (height >= MIN_HEIGHT && below >= MIN_BELOW) return [place];
    const row = ones.filter((one) => areInOneRow(boxes[place], boxes[one]));
    const slants = row.map((one) => strokeOf(candidates[one].component).slant);
    const least = slants.length ? Math.min(...slants) : stroke.slant;
    return height >= MIN_EQUAL_HEIGHT && stroke.slant >= least + MIN_STEEPER ? [place] : [];
  });
}

/**
 * The plain strokes that lean to the right between two digits near to them, by their places.
 * @param {Candidate[]} candidates
 * @param {boolean[]} accepted
 * @returns {Map<number, Leaning>}
 */
export function leaningStrokes(candidates, accepted) {
  const boxes = candidates.map(({ component }) => component.inkBox);
  const digits = boxes.filter((_, place) => accepted[place]);
  /** @type {Map<number, Leaning>} */
  const found = new Map();
  candidates.forEach(({ value, component }, place) => {
    const stroke = value === 1 ? strokeOf(component) : null;
    if (!stroke || !stroke.isPlain || stroke.slant < MIN_SLANT) return;
    const [before, after] = [nearestBefore(boxes[place], digits), nearestAfter(boxes[place], digits)];
    if (before && after && Math.max(before.gap, after.gap) <= MAX_GAP * boxes[place][3]) {
      found.set(place, { stroke, beside: [before.box, after.box] });
    }
  });
  return found;
}

/**
 * The height of a stroke, and how far it reaches above and below both digits, in heights of a digit.
 * @param {Box} stroke
 * @param {Box[]} digits
 */
function sizeBeside([, top, , height], digits) {
  return {
    height: Math.min(...digits.map((box) => height / box[3])),
    above: Math.min(...digits.map((box) => (box[1] - top) / box[3])),
    below: Math.min(...digits.map((box) => (top + height - box[1] - box[3]) / box[3])),
  };
}

/**
 * How the ink of `component` leans.
 * @param {Component} component
 * @returns {Stroke}
 */
export function strokeOf({ cover }) {
  const rows = rowsOf(cover);
  if (rows.length < MIN_ROWS) return { slant: 0, isPlain: false, isPrinted: false };
  const end = Math.trunc(END * rows.length);
  const inner = rows.slice(end, rows.length - end);
  const { slope, start } = lineThrough(inner);
  const deviation = Math.max(...inner.map(({ y, middle }) => Math.abs(middle - slope * y - start))) / rows.length;
  const counts = inner.map(({ count }) => count);
  const widening = Math.max(...counts) / medianOf(counts);
  const isWhole = rows[rows.length - 1].y - rows[0].y + 1 === rows.length;
  return {
    slant: -slope,
    isPlain: isWhole && deviation <= MAX_DEVIATION && widening <= MAX_WIDENING,
    isPrinted: isWhole && deviation <= MAX_PRINTED_DEVIATION && widening <= MAX_PRINTED_WIDENING,
  };
}

/**
 * The rows with ink, the number of its pixels in each and their mean column.
 * @param {import("./pixels.js").Pixels} cover
 */
function rowsOf({ data, width, height }) {
  return Array.from({ length: height }, (_, y) => {
    let [count, sum] = [0, 0];
    for (let x = 0; x < width; x++) {
      if (data[y * width + x] <= 127) continue;
      count++;
      sum += x;
    }
    return { y, count, middle: sum / count };
  }).filter(({ count }) => count > 0);
}

/**
 * The line of least squares through the middles of rows.
 * @param {{y: number, middle: number}[]} rows
 */
function lineThrough(rows) {
  const mean = (/** @type {number[]} */ values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [y, x] = [mean(rows.map((row) => row.y)), mean(rows.map((row) => row.middle))];
  const slope =
    mean(rows.map((row) => (row.y - y) * (row.middle - x))) / mean(rows.map((row) => (row.y - y) ** 2));
  return { slope, start: x - slope * y };
}

/** @param {number[]} values */
function medianOf(values) {
  const sorted = [...values].sort((one, other) => one - other);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}
