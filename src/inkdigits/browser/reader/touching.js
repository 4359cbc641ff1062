// Digits that touch and that the finder left together: cut through the least ink, or at a shared wall (reading/touching.py).

import { Component } from "./component.js";
import parameters from "./parameters.js";
import { crop, roundEven } from "./pixels.js";

const { MAX_SHIFT, MIN_WIDTH, MIN_WALL } = parameters.touching;

/**
 * A component as `count` parts side by side, cut from top to bottom; none where it is too narrow for them.
 * @param {Component} component
 * @param {number} count
 * @returns {Component[]}
 */
export function splitTouching(component, count) {
  const { width } = component.cover;
  if (width < count * MIN_WIDTH) return [];
  const ink = inkOfColumns(component);
  const reach = Math.max(1, roundEven((MAX_SHIFT * width) / count));
  const cuts = [0];
  for (let number = 1; number < count; number++) {
    const middle = roundEven((number * width) / count);
    const low = Math.max(cuts[number - 1] + 1, middle - reach);
    const high = Math.max(low + 1, Math.min(width, middle + reach + 1));
    const columns = ink.slice(low, high);
    cuts.push(low + columns.indexOf(Math.min(...columns)));
  }
  const kept = cuts.flatMap((left, place) => partOf(component, left, cuts[place + 1] ?? width));
  return kept.length === count ? kept : [];
}

/**
 * A component as two parts that share a column of ink in their middle, as two zeros share a wall; none without.
 * @param {Component} component
 * @returns {Component[]}
 */
export function splitAtWall(component) {
  const { width, height } = component.cover;
  const [start, stop] = [0.5 - MAX_SHIFT / 2, 0.5 + MAX_SHIFT / 2].map((place) => roundEven(place * width));
  if (width < 2 * MIN_WIDTH || start >= stop) return [];
  const ink = inkOfColumns(component);
  const columns = ink.slice(start, stop);
  const wall = start + columns.indexOf(Math.max(...columns));
  if (ink[wall] < MIN_WALL * 255 * height) return [];
  const parts = [...partOf(component, 0, wall + 1), ...partOf(component, wall, width)];
  return parts.length === 2 ? parts : [];
}

/** @param {Component} component */
function inkOfColumns({ cover }) {
  const sums = new Array(cover.width).fill(0);
  cover.data.forEach((level, at) => (sums[at % cover.width] += level));
  return sums;
}

/**
 * The columns from `left` to before `right`, without rows that have no ink; none where there is none.
 * @param {Component} component
 * @param {number} left
 * @param {number} right
 */
function partOf({ x, y, cover, digitFraction }, left, right) {
  const columns = crop(cover, [left, 0, right - left, cover.height]);
  const rows = Array.from({ length: cover.height }, (_, row) => row).filter((row) => (
    columns.data.subarray(row * columns.width, (row + 1) * columns.width).some((level) => level > 127)
  ));
  if (!rows.length) return [];
  const top = Math.max(0, rows[0] - 1);
  const bottom = Math.min(cover.height, rows[rows.length - 1] + 2);
  return [new Component(x + left, y + top, crop(columns, [0, top, columns.width, bottom - top]), digitFraction)];
}
