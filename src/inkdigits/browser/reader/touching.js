// Digits that touch and that the finder left together: every way to cut their ink, from which the classifier chooses
// (reading/touching.py).

import { componentOf } from "./clusters.js";
import { Component } from "./component.js";
import parameters from "./parameters.js";
import { crop, roundEven } from "./pixels.js";

/**
 * @typedef {object} Lattice Parts of ink between any two of its cuts.
 * @property {number} end the number of the last cut; the first is 0
 * @property {[first: number, last: number][]} spans the numbers of the cuts before and after each part
 * @property {Component[]} parts
 */

const { MIN_DIGIT_FRACTION, BLUR, MIN_BLUR, KERNEL, MAX_WIDTH, MIN_HEIGHT, MIN_AREA, MAX_CUTS } = parameters.touching;
const { WALL_SHIFT, MIN_WALL, LEAST } = parameters.touching;

/**
 * Whether ink that is no digit to the classifier may be digits that touch: it is at least so wide by its height.
 * @param {Component} component
 * @param {number} minAspect
 */
export function mayBeSeveral({ digitFraction, inkBox: [, , width, height] }, minAspect) {
  return digitFraction >= MIN_DIGIT_FRACTION && width >= minAspect * height;
}

/**
 * The lattice of the parts of a component, ink of a view with these maps; without any where it has many cuts.
 * @param {Component} component
 * @param {import("./finder.js").InkMaps} maps
 * @returns {Lattice}
 */
export function cutEverywhere({ x, y, cover, inkBox: [, , , height] }, maps) {
  const inked = Array.from(cover.data.keys()).filter((at) => cover.data[at] > 127);
  if (!inked.length) return { end: 0, spans: [], parts: [] };
  const rows = inked.map((at) => y + Math.floor(at / cover.width));
  const columns = inked.map((at) => x + (at % cover.width));
  const places = Int32Array.from(inked, (_, at) => rows[at] * maps.width + columns[at]);
  const middles = columns.map((column, at) => column + maps.right[places[at]]);
  const cuts = [-Infinity, ...valleys(middles, Math.max(MIN_BLUR, BLUR * height)), Infinity];
  if (cuts.length > MAX_CUTS) return { end: 0, spans: [], parts: [] };
  /** @type {Lattice} */
  const lattice = { end: cuts.length - 1, spans: [], parts: [] };
  for (let first = 0; first < cuts.length; first++) {
    for (let last = first + 1; last < cuts.length; last++) {
      const part = [...inked.keys()].filter((at) => middles[at] >= cuts[first] && middles[at] < cuts[last]);
      const isHigh = extent(part.map((at) => rows[at])) >= MIN_HEIGHT * height;
      const isNarrow = extent(part.map((at) => columns[at])) < MAX_WIDTH * height;
      if (part.length < MIN_AREA || !isHigh || !isNarrow) continue;
      lattice.spans.push([first, last]);
      lattice.parts.push(componentOf({ maps, places }, part));
    }
  }
  return lattice;
}

/**
 * The places in the lattice's parts of the path whose product of probabilities is highest, of `count` parts if given; none
 * when there is none.
 * @param {Lattice} lattice
 * @param {number[]} probabilities
 * @param {number | null} [count]
 * @returns {number[]}
 */
export function bestPath({ end, spans }, probabilities, count = null) {
  /** @type {Map<number, { score: number, path: number[] }>[]} */
  const best = Array.from({ length: end + 1 }, () => new Map());
  best[0].set(0, { score: 0, path: [] });
  const order = [...spans.keys()].sort((one, other) => spans[one][1] - spans[other][1] || one - other);
  for (const place of order) {
    const [first, last] = spans[place];
    const gain = Math.log(Math.max(LEAST, probabilities[place]));
    for (const [length, { score, path }] of best[first]) {
      if (length >= (count ?? end)) continue;
      const before = best[last].get(length + 1);
      if (!before || score + gain > before.score) best[last].set(length + 1, { score: score + gain, path: [...path, place] });
    }
  }
  const whole = [...best[end]].filter(([length]) => length && (count === null || length === count)).map(([, one]) => one);
  return whole.sort((one, other) => other.score - one.score)[0]?.path ?? [];
}

/** @param {number[]} values */
function extent(values) {
  return values.reduce((most, value) => Math.max(most, value), -Infinity) - values.reduce((least, value) => Math.min(least, value), Infinity);
}

/**
 * Where between them fewer of `middles` lie than beside.
 * @param {number[]} middles
 * @param {number} blur
 */
function valleys(middles, blur) {
  const [least, most] = middles.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
  const low = Math.floor(least) - 1;
  const counts = new Array(roundEven(most - low) + 1).fill(0);
  middles.forEach((middle) => counts[roundEven(middle - low)]++);
  const reach = Math.ceil(KERNEL * blur);
  const kernel = Array.from({ length: 2 * reach + 1 }, (_, at) => Math.exp(-(((at - reach) / blur) ** 2) / 2));
  /** @param {number} place */
  const smooth = (place) => kernel.reduce((sum, weight, at) => sum + weight * (counts[place + at - reach] ?? 0), 0);
  const smoothed = Array.from({ length: counts.length + 2 }, (_, at) => smooth(at - 1));
  return [...counts.keys()]
    .filter((at) => smoothed[at + 1] <= smoothed[at] && smoothed[at + 1] < smoothed[at + 2])
    .map((at) => at + low).filter((place) => least < place && place < most);
}

/**
 * A component as two parts that share a column of ink near its middle, as two zeros share a wall; none without.
 * @param {Component} component
 * @returns {Component[]}
 */
export function splitAtWall(component) {
  const { cover } = component;
  const [start, end] = [0.5 - WALL_SHIFT, 0.5 + WALL_SHIFT].map((place) => roundEven(place * cover.width));
  const ink = new Array(cover.width).fill(0);
  cover.data.forEach((level, at) => (ink[at % cover.width] += level));
  const most = Math.max(...ink.slice(start, end));
  if (start === end || most < MIN_WALL * 255 * cover.height) return [];
  const wall = start + ink.slice(start, end).indexOf(most);
  return [columnsOf(component, 0, wall + 1), columnsOf(component, wall, cover.width)];
}

/**
 * @param {Component} component
 * @param {number} left
 * @param {number} right
 */
function columnsOf({ x, y, cover, digitFraction }, left, right) {
  return new Component(x + left, y, crop(cover, [left, 0, right - left, cover.height]), digitFraction);
}
