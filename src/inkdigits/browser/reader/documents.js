// Sheets of paper that lie on something else: each is read as a picture of its own (reading/documents.py).

import { areas, connectedComponents } from "./connected.js";
import parameters from "./parameters.js";
import { median, pixels } from "./pixels.js";

/** @typedef {import("./pixels.js").Pixels} Pixels */
/** @typedef {import("./pyramid.js").Pyramid} Pyramid */
/** @typedef {import("./pixels.js").Box} Box */
/**
 * @typedef {object} FoundDocument The box of a sheet in a picture.
 * @property {number} left
 * @property {number} top
 * @property {Pixels} pixels those that are not of the sheet have its colour
 * @property {Uint8Array} inside which are of the sheet
 */
/** @typedef {{ paper: Uint8Array, outline: Uint8Array, area: number }} Outline */

const { MIN_SIDE } = parameters.pyramid;
const { SIDE, BLUR, MAX_STEP, MIN_PART, MAX_PART, MIN_OF_HULL, MIN_PAPER, MAX_DOCUMENTS } = parameters.documents;

/**
 * The sheets in a picture, at most two, the largest first; none in one of under 128 pixels, which is a drawing.
 * @param {Pyramid} picture
 * @returns {FoundDocument[]}
 */
export function findDocuments(picture) {
  if (Math.max(picture.width, picture.height) < MIN_SIDE) return [];
  const small = medianBlurred(picture.reduced.get(SIDE) ?? picture.pixels());
  const outlines = evenRegions(small).flatMap((paper) => outlineOf(paper, small));
  outlines.sort((one, other) => other.area - one.area);
  return outlines.slice(0, MAX_DOCUMENTS).map((found) => documentOf(picture.pixels(), small, found));
}

/**
 * Whether the middle of a box of the picture is on the sheet.
 * @param {FoundDocument} sheet
 * @param {Box} box
 */
export function holds({ left, top, pixels: { width, height }, inside }, [x, y, w, h]) {
  const [column, row] = [x + (w >> 1) - left, y + (h >> 1) - top];
  return row >= 0 && row < height && column >= 0 && column < width && inside[row * width + column] === 1;
}

/**
 * Each level replaced by the median of the square around it, with the border's pixels repeated beyond it.
 * @param {Pixels} picture
 */
function medianBlurred({ width, height, channels, data }) {
  const blurred = pixels(width, height, channels);
  const reach = BLUR >> 1;
  const near = new Uint8Array(BLUR * BLUR);
  for (let at = 0; at < data.length; at++) {
    const [channel, place] = [at % channels, Math.floor(at / channels)];
    const [x, y] = [place % width, Math.floor(place / width)];
    let count = 0;
    for (let dy = -reach; dy <= reach; dy++) {
      const row = Math.min(height - 1, Math.max(0, y + dy)) * width;
      for (let dx = -reach; dx <= reach; dx++) {
        near[count++] = data[(row + Math.min(width - 1, Math.max(0, x + dx))) * channels + channel];
      }
    }
    blurred.data[at] = near.sort()[near.length >> 1];
  }
  return blurred;
}

/**
 * Connected pixels that differ little from the four beside them.
 * @param {Pixels} small
 */
function evenRegions({ width, height, channels, data }) {
  const even = new Uint8Array(width * height).fill(1);
  /** @type {(one: number, other: number) => void} */
  const compare = (one, other) => {
    for (let channel = 0; channel < channels; channel++) {
      const step = Math.abs(data[one * channels + channel] - data[other * channels + channel]);
      if (step > MAX_STEP) even[one] = even[other] = 0;
    }
  };
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      if (x > 0) compare(at, at - 1);
      if (y > 0) compare(at, at - width);
    }
  }
  const { count, labels } = connectedComponents(even, width, height);
  const counts = areas(labels, count);
  const large = counts.flatMap((area, label) => (label > 0 && area >= MIN_PAPER * MIN_PART * even.length ? [label] : []));
  return large.map((label) => Uint8Array.from(labels, (own) => Number(own === label)));
}

/**
 * A region that is bare paper of a sheet, with the sheet's whole outline, ink and all; empty for any other region.
 * @param {Uint8Array} paper
 * @param {Pixels} small
 * @returns {Outline[]}
 */
function outlineOf(paper, { width, height }) {
  const outline = filled(paper, width, height);
  const [area, bare] = [outline, paper].map((mask) => mask.reduce((sum, inside) => sum + inside, 0));
  const isPart = MIN_PART * outline.length <= area && area <= MAX_PART * outline.length;
  if (!isPart || bare < MIN_PAPER * area) return [];
  return area >= MIN_OF_HULL * hullArea(outline, width, height) ? [{ paper, outline, area }] : [];
}

/**
 * The area of the convex hull, in pixels, by the left and right ends of its rows.
 * @param {Uint8Array} outline
 * @param {number} width
 * @param {number} height
 */
function hullArea(outline, width, height) {
  /** @type {[x: number, y: number][]} */
  const left = [];
  /** @type {[x: number, y: number][]} */
  const right = [];
  for (let y = 0; y < height; y++) {
    const row = outline.subarray(y * width, (y + 1) * width);
    const first = row.indexOf(1);
    if (first < 0) continue;
    for (const below of [y, y + 1]) {
      left.push([first, below]);
      right.push([row.lastIndexOf(1) + 1, below]);
    }
  }
  const hull = [...chain(left), ...chain(right.reverse())];
  const doubled = hull.reduce((sum, [x, y], place) => {
    const [nextX, nextY] = hull[(place + 1) % hull.length];
    return sum + x * nextY - y * nextX;
  }, 0);
  return Math.abs(doubled) / 2;
}

/**
 * The points of one side of a convex hull, of points along it from end to end (Andrew's monotone chain, 1979).
 * @param {[x: number, y: number][]} points
 */
function chain(points) {
  /** @type {[x: number, y: number][]} */
  const kept = [];
  for (const point of points) {
    while (kept.length > 1 && !turnsLeft(kept[kept.length - 2], kept[kept.length - 1], point)) kept.pop();
    kept.push(point);
  }
  return kept;
}

/** @type {(first: [x: number, y: number], second: [x: number, y: number], third: [x: number, y: number]) => boolean} */
function turnsLeft([x, y], [nextX, nextY], [lastX, lastY]) {
  return (nextX - x) * (lastY - y) - (nextY - y) * (lastX - x) < 0;
}

/**
 * What has some of a mask on all four sides, itself included.
 * @param {Uint8Array} mask
 * @param {number} width
 * @param {number} height
 */
function filled(mask, width, height) {
  const sides = new Uint8Array(mask.length);
  /** @type {(start: number, step: number, count: number) => void} */
  const sweep = (start, step, count) => {
    for (let place = 0, at = start, seen = 0; place < count; place++, at += step) {
      seen |= mask[at];
      sides[at] += seen;
    }
  };
  for (let y = 0; y < height; y++) {
    sweep(y * width, 1, width);
    sweep((y + 1) * width - 1, -1, width);
  }
  for (let x = 0; x < width; x++) {
    sweep(x, width, height);
    sweep((height - 1) * width + x, -width, height);
  }
  return sides.map((count) => Number(count === 4));
}

/**
 * @param {Pixels} picture
 * @param {Pixels} small
 * @param {Outline} found
 * @returns {FoundDocument}
 */
function documentOf(picture, small, { paper, outline }) {
  const row = Array.from({ length: picture.height }, (_, y) => Math.floor((y + 0.5) * (small.height / picture.height)));
  const column = Array.from({ length: picture.width }, (_, x) => Math.floor((x + 0.5) * (small.width / picture.width)));
  const [rows, columns] = [new Set(), new Set()];
  outline.forEach((inside, at) => {
    if (!inside) return;
    rows.add(Math.floor(at / small.width));
    columns.add(at % small.width);
  });
  const [top, bottom] = spanOf(row.map((one) => rows.has(one)));
  const [left, right] = spanOf(column.map((one) => columns.has(one)));
  const colour = colourOf(small, paper);
  const sheet = pixels(right - left, bottom - top, picture.channels);
  const inside = new Uint8Array(sheet.width * sheet.height);
  for (let y = top, at = 0, place = 0; y < bottom; y++) {
    for (let x = left; x < right; x++, place++) {
      inside[place] = outline[row[y] * small.width + column[x]];
      for (let channel = 0; channel < picture.channels; channel++, at++) {
        sheet.data[at] = inside[place] ? picture.data[(y * picture.width + x) * picture.channels + channel] : colour[channel];
      }
    }
  }
  return { left, top, pixels: sheet, inside };
}

/** @param {boolean[]} some */
function spanOf(some) {
  return [some.indexOf(true), some.lastIndexOf(true) + 1];
}

/**
 * @param {Pixels} small
 * @param {Uint8Array} paper
 */
function colourOf({ channels, data }, paper) {
  return Array.from({ length: channels }, (_, channel) => {
    /** @type {number[]} */
    const levels = [];
    paper.forEach((inside, at) => inside && levels.push(data[at * channels + channel]));
    return Math.floor(median(levels));
  });
}
