// Views of a picture: what the finder sees of it at one size, and where that is in the picture (reading/views.py).

import parameters from "./parameters.js";
import { framed, median, roundEven } from "./pixels.js";

/** @typedef {import("./pixels.js").Pixels} Pixels */
/** @typedef {import("./pixels.js").Box} Box */
/** @typedef {import("./finder.js").InkMaps} InkMaps */
/** @typedef {{ maps: InkMaps, scale: number, size: [width: number, height: number] }} View */

const { MARGIN } = parameters.views;
const { MULTIPLE } = parameters.finder;

/**
 * The view of a picture with a longer side of `side` pixels.
 * @param {import("./pyramid.js").Pyramid} picture
 * @param {number} side
 * @param {import("./finder.js").Networks["find"]} find
 * @returns {Promise<View>}
 */
export async function show(picture, side, find) {
  const shown = picture.copy(side);
  const maps = await find(withPaper(shown));
  return {
    maps: cropMaps(maps, shown.width + 2 * MARGIN, shown.height + 2 * MARGIN),
    scale: side / Math.max(picture.width, picture.height),
    size: [picture.width, picture.height],
  };
}

/**
 * With a margin in the colour of its border, and sides that are multiples of the finder's.
 * @param {Pixels} shown
 */
function withPaper(shown) {
  const colour = [0, 1, 2].map((channel) => roundEven(median(border(shown, channel))));
  const [right, bottom] = [shown.width, shown.height].map((length) => MARGIN + rest(length + 2 * MARGIN));
  return framed(shown, { left: MARGIN, top: MARGIN, right, bottom }, colour);
}

/** @param {number} length */
function rest(length) {
  return (MULTIPLE - (length % MULTIPLE)) % MULTIPLE;
}

/**
 * @param {Pixels} picture
 * @param {number} channel
 */
function border({ width, height, channels, data }, channel) {
  /** @type {(x: number, y: number) => number} */
  const level = (x, y) => data[(y * width + x) * channels + channel];
  const levels = [];
  for (let x = 0; x < width; x++) levels.push(level(x, 0), level(x, height - 1));
  for (let y = 0; y < height; y++) levels.push(level(0, y), level(width - 1, y));
  return levels;
}

/**
 * @param {InkMaps} maps
 * @param {number} width
 * @param {number} height
 * @returns {InkMaps}
 */
function cropMaps(maps, width, height) {
  /** @param {Float32Array} map */
  const part = (map) => {
    const kept = new Float32Array(width * height);
    for (let y = 0; y < height; y++) kept.set(map.subarray(y * maps.width, y * maps.width + width), y * width);
    return kept;
  };
  const { digit, other, ink, right, down } = maps;
  return {
    width, height, digit: part(digit), other: part(other), ink: part(ink), right: part(right), down: part(down),
  };
}

/**
 * A box of a view's maps in whole pixels of the picture, at least a pixel within it.
 * @param {View} view
 * @param {Box} box
 * @returns {Box}
 */
export function toPicture({ scale, size }, [x, y, width, height]) {
  const [left, right] = span(x, width, scale, size[0]);
  const [top, bottom] = span(y, height, scale, size[1]);
  return [left, top, right - left, bottom - top];
}

/**
 * @param {number} start
 * @param {number} length
 * @param {number} scale
 * @param {number} limit
 */
function span(start, length, scale, limit) {
  const low = Math.min(Math.max(0, roundEven((start - MARGIN) / scale)), limit - 1);
  return [low, Math.min(limit, Math.max(low + 1, roundEven((start + length - MARGIN) / scale)))];
}
