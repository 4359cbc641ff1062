// Reading order: rows from top to bottom, each from left to right; rows may slant (reading/rows.py).

import parameters from "./parameters.js";
import { median } from "./pixels.js";

/** @typedef {import("./pixels.js").Box} Box */
/** @typedef {[right: number, down: number]} Point */

const { MAX_STEP, HEIGHT_OF_WIDTH, LAST, COST_OF_SLANT, COST_OFF_ROW, COST_DOWN, ANGLES } = parameters.rows;

/**
 * The indices of boxes in reading order, one list for each row. With `accepted`, rows are those of the accepted boxes, and
 * every other box, as of a comma, is in the row of the nearest of them.
 * @param {Box[]} boxes
 * @param {boolean[]} [accepted]
 * @returns {number[][]}
 */
export function readingOrder(boxes, accepted) {
  if (accepted && accepted.includes(true) && accepted.includes(false)) return withOthers(boxes, accepted);
  if (boxes.length < 2) return boxes.length ? [[0]] : [];
  const centres = centresOf(boxes);
  const height = median(boxes.map(([, , wide, high]) => Math.max(high, HEIGHT_OF_WIDTH * wide)));
  const points = rotated(centres, slant(centres, height));
  return sortedRows(chains(points, height), points);
}

/**
 * @param {Box[]} boxes
 * @returns {Point[]}
 */
function centresOf(boxes) {
  return boxes.map(([x, y, width, height]) => [x + width / 2, y + height / 2]);
}

/**
 * @param {Box[]} boxes
 * @param {boolean[]} accepted
 */
function withOthers(boxes, accepted) {
  const own = [...boxes.keys()].filter((place) => accepted[place]);
  const rows = readingOrder(own.map((place) => boxes[place])).map((row) => row.map((place) => own[place]));
  const centres = centresOf(boxes);
  const others = [...boxes.keys()].filter((place) => !accepted[place]);
  for (const other of others.sort((one, two) => centres[one][0] - centres[two][0])) {
    const [x, y] = centres[other];
    const away = own.map((place) => Math.abs(centres[place][0] - x) + COST_DOWN * Math.abs(centres[place][1] - y));
    const nearest = own[away.indexOf(Math.min(...away))];
    const row = /** @type {number[]} */ (rows.find((places) => places.includes(nearest)));
    const before = row.filter((place) => centres[place][0] <= x);
    row.splice(before.length ? row.indexOf(before[before.length - 1]) + 1 : 0, 0, other);
  }
  return rows;
}

/**
 * @param {Point[]} points
 * @param {number} angle
 * @returns {Point[]}
 */
function rotated(points, angle) {
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  return points.map(([x, y]) => [x * cosine + y * sine, -x * sine + y * cosine]);
}

/**
 * The angle in radians at which there are the fewest and straightest rows; 0 for fewer than three boxes.
 * @param {Point[]} centres
 * @param {number} height
 */
function slant(centres, height) {
  if (centres.length < 3) return 0;
  const costs = ANGLES.map((angle) => rowCost(centres, height, angle) + COST_OF_SLANT * Math.abs(angle));
  return ANGLES[costs.indexOf(Math.min(...costs))];
}

/**
 * The number of rows, plus a cost for the distance of every box from the middle of its row.
 * @param {Point[]} centres
 * @param {number} height
 * @param {number} angle
 */
function rowCost(centres, height, angle) {
  const down = rotated(centres, angle).map(([, y]) => y / height).sort((one, other) => one - other);
  /** @type {number[][]} */
  const rows = [];
  down.forEach((y, at) => (at && y - down[at - 1] <= MAX_STEP ? rows[rows.length - 1].push(y) : rows.push([y])));
  const off = rows.map((row) => row.reduce((sum, y) => sum + (y - mean(row)) ** 2, 0));
  return rows.length + COST_OFF_ROW * off.reduce((sum, one) => sum + one, 0);
}

/** @param {number[]} values */
function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * Rows: chains of boxes that are each other's nearest neighbours, joined where one continues another.
 * @param {Point[]} points
 * @param {number} height
 */
function chains(points, height) {
  const right = nearest(points, height, 1);
  const left = nearest(points, height, -1);
  const successor = new Map([...right].filter(([item, to]) => left.get(to) === item));
  const continued = new Set(successor.values());
  const found = points.flatMap((_, item) => {
    if (continued.has(item)) return [];
    const chain = [item];
    for (let next = successor.get(item); next !== undefined; next = successor.get(next)) chain.push(next);
    return [chain];
  });
  return joined(found.sort(([one], [other]) => points[one][0] - points[other][0]), points, height);
}

/**
 * The nearest neighbour of every box on one side (1: right, -1: left) at about the same height.
 * @param {Point[]} points
 * @param {number} height
 * @param {number} side
 */
function nearest(points, height, side) {
  /** @type {Map<number, number>} */
  const found = new Map();
  points.forEach(([x, y], item) => {
    let least = Infinity;
    points.forEach(([right, down], other) => {
      const [away, off] = [side * (right - x), Math.abs(down - y)];
      const isBeside = (away > 0 || (away === 0 && other > item)) && off < MAX_STEP * height;
      if (!isBeside || away + COST_DOWN * off >= least) return;
      least = away + COST_DOWN * off;
      found.set(item, other);
    });
  });
  return found;
}

/**
 * Rows, by appending a chain to the one that ends before it begins at about the same height.
 * @param {number[][]} chains
 * @param {Point[]} points
 * @param {number} height
 */
function joined(chains, points, height) {
  /** @type {number[][]} */
  const rows = [];
  for (const chain of chains) {
    const [x, y] = points[chain[0]];
    /** @param {number[]} row */
    const off = (row) => Math.abs(mean(row.slice(-LAST).map((item) => points[item][1])) - y);
    const before = rows.filter((row) => points[row[row.length - 1]][0] < x && off(row) < MAX_STEP * height);
    if (before.length) before.reduce((best, row) => (off(row) < off(best) ? row : best)).push(...chain);
    else rows.push([...chain]);
  }
  return rows;
}

/**
 * @param {number[][]} rows
 * @param {Point[]} points
 */
function sortedRows(rows, points) {
  /** @param {number[]} row */
  const level = (row) => mean(row.map((item) => points[item][1]));
  rows.sort((one, other) => level(one) - level(other));
  return rows.map((row) => row.sort((one, other) => points[one][0] - points[other][0]));
}
