// Signs that the classifier takes for digits: %, brackets, slashes, commas, and strokes with a point (reading/signs.py).

import { connectedComponents } from "./connected.js";
import { areInOneRow, leastOf, nearestAfter, nearestBefore } from "./neighbours.js";
import parameters from "./parameters.js";
import { findSlashes } from "./slashes.js";

/** @typedef {import("./pixels.js").Box} Box */
/** @typedef {import("./component.js").Component} Component */
/** @typedef {import("./segmentation.js").Candidate} Candidate */
/** @typedef {"%" | "()" | "point" | "/" | ","} Sign */

const {
  MIN_CIRCLE, MAX_CIRCLE, MAX_BEYOND, MIN_STEP, MIN_BOW, MIN_BRACKET_HEIGHT, MIN_SLIGHT_BOW, MIN_HIGH_BRACKET_HEIGHT,
  MAX_GAP, MAX_POINT, MIN_POINT_ASPECT, MAX_POINT_ASPECT, MIN_POINT_GAP, MIN_POINTED_HEIGHT, MAX_COMMA, MIN_COMMA_TOP, MIN_COMMA_FOOT, MAX_COMMA_GAP,
} = parameters.signs;

/**
 * The sign that each of `candidates` is, or is a part of; null for digits and everything else.
 * @param {Candidate[]} candidates
 * @param {boolean[]} accepted which are taken for digits: brackets are told by the digits between them
 * @returns {(Sign | null)[]}
 */
export function findSigns(candidates, accepted) {
  /** @type {(Sign | null)[]} */
  const found = candidates.map(() => null);
  candidates.forEach(({ value, component }, place) => {
    if ([1, 2, 3, 7].includes(value) && hasPoint(component)) found[place] = "point";
    if (value === 1) for (const part of partsOfPercent(candidates, place)) found[part] = "%";
  });
  for (const place of bracketsOf(candidates, accepted)) found[place] = "()";
  for (const place of findSlashes(candidates, accepted)) found[place] ??= "/";
  const digits = candidates.filter((_, place) => accepted[place]).map((candidate) => candidate.component.inkBox);
  candidates.forEach(({ component }, place) => {
    if (!found[place] && digits.some((digit) => isComma(component.inkBox, digit))) found[place] = ",";
  });
  return found;
}

/**
 * Whether a mark is as small and as low as a comma after a digit.
 * @param {Box} mark
 * @param {Box} digit
 */
function isComma(mark, [x, y, w, h]) {
  const isSmall = mark[3] > 0 && Math.max(mark[2], mark[3]) <= MAX_COMMA * h;
  const isLow = mark[1] >= y + MIN_COMMA_TOP * h && mark[1] + mark[3] >= y + MIN_COMMA_FOOT * h;
  const gap = mark[0] + mark[2] - x - w;
  return isSmall && isLow && mark[1] <= y + h && gap >= 0 && gap <= (MAX_COMMA_GAP + MAX_COMMA) * h;
}

/**
 * The places of the stroke and the circles of a %, if the stroke at `place` is that of one.
 * @param {Candidate[]} candidates
 * @param {number} place
 * @returns {number[]}
 */
function partsOfPercent(candidates, place) {
  const [x, y, w, h] = candidates[place].component.inkBox;
  /** @type {number[][]} */
  const before = [];
  /** @type {number[][]} */
  const after = [];
  candidates.forEach(({ value, component }, other) => {
    const [left, top, width, height] = component.inkBox;
    const beyond = Math.max(x - left, left + width - x - w, y - top, top + height - y - h);
    if (value !== 0 || height < MIN_CIRCLE * h || height > MAX_CIRCLE * h || beyond > MAX_BEYOND * h) return;
    (left + width / 2 < x + w / 2 ? before : after).push([top, other]);
  });
  if (!before.length || !after.length) return [];
  const [first, second] = [leastOf(before), leastOf(after)];
  return second[0] - first[0] >= MIN_STEP * h ? [place, first[1], second[1]] : [];
}

/**
 * The places of each opening bracket and of the closing one nearest to it, if there is one in its row.
 * @param {Candidate[]} candidates
 * @param {boolean[]} accepted
 * @returns {number[]}
 */
function bracketsOf(candidates, accepted) {
  const boxes = candidates.map((candidate) => candidate.component.inkBox);
  const ones = candidates.flatMap((candidate, place) => (candidate.value === 1 ? [place] : []));
  const bows = new Map(ones.map((place) => [place, bowOf(candidates[place].component)]));
  const digits = boxes.filter((_, place) => accepted[place]);
  const bow = (/** @type {number} */ place) => /** @type {number} */ (bows.get(place));
  const closing = ones.filter((place) => isBracket(boxes[place], bow(place), nearestBefore(boxes[place], digits)));
  return ones.flatMap((place) => {
    if (!isBracket(boxes[place], -bow(place), nearestAfter(boxes[place], digits))) return [];
    const right = boxes[place][0] + boxes[place][2];
    const pairs = closing.filter((end) => boxes[end][0] > right && areInOneRow(boxes[place], boxes[end]));
    return pairs.length ? [place, leastOf(pairs.map((end) => [boxes[end][0], end]))[1]] : [];
  });
}

/**
 * Whether a stroke bends away from the nearest digit of its row and is as high as a bracket beside it.
 * @param {Box} stroke
 * @param {number} bow
 * @param {import("./neighbours.js").Neighbour | null} digit
 */
function isBracket(stroke, bow, digit) {
  if (!digit || bow < MIN_SLIGHT_BOW) return false;
  const height = digit.box[3];
  const least = bow >= MIN_BOW ? MIN_BRACKET_HEIGHT : MIN_HIGH_BRACKET_HEIGHT;
  return digit.gap <= MAX_GAP * height && stroke[3] >= least * height;
}

/**
 * How far the middle of a stroke is to the right of its ends, in its heights.
 * @param {Component} stroke
 */
function bowOf({ cover, y, inkBox: [, top, , height] }) {
  const [sums, counts] = [[0, 0, 0], [0, 0, 0]];
  cover.data.forEach((level, at) => {
    if (level <= 127) return;
    const third = Math.floor((3 * (Math.floor(at / cover.width) - (top - y))) / height);
    sums[third] += at % cover.width;
    counts[third]++;
  });
  if (counts.includes(0)) return 0;
  const [high, middle, foot] = sums.map((sum, third) => sum / counts[third]);
  return (middle - (high + foot) / 2) / height;
}

/**
 * Whether ink is a stroke and, above or below it, a point.
 * @param {Component} component
 */
function hasPoint({ cover }) {
  const { count, labels } = connectedComponents(cover.data.map((level) => Number(level > 127)), cover.width, cover.height);
  if (count !== 3) return false; // of the paper, and of two parts
  const [stroke, point] = [1, 2].map((label) => boxOf(labels, label, cover.width)).sort((one, other) => other[3] - one[3]);
  const [[, y, , h], [, top, width, height]] = [stroke, point];
  const whole = Math.max(y + h, top + height) - Math.min(y, top);
  const gap = Math.max(y, top) - Math.min(y + h, top + height);
  const isRound = MIN_POINT_ASPECT * height <= width && width <= MAX_POINT_ASPECT * height;
  return whole >= MIN_POINTED_HEIGHT && isRound && height <= MAX_POINT * whole && gap >= MIN_POINT_GAP * whole;
}

/**
 * @param {Int32Array} labels
 * @param {number} label
 * @param {number} columns
 * @returns {Box}
 */
function boxOf(labels, label, columns) {
  let [left, top, right, bottom] = [Infinity, Infinity, 0, 0];
  labels.forEach((own, at) => {
    if (own !== label) return;
    const [x, y] = [at % columns, Math.floor(at / columns)];
    [left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x + 1), Math.max(bottom, y + 1)];
  });
  return [left, top, right - left, bottom - top];
}
