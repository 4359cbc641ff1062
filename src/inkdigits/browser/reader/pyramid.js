// A picture at the sizes of its views (reading/pyramid.py).

import parameters from "./parameters.js";
import { pixels, roundEven } from "./pixels.js";
import { resizedByArea, resizedCubic } from "./resize.js";

/** @typedef {import("./pixels.js").Pixels} Pixels */
/** @typedef {0 | 90 | 180 | 270} Rotation By how many degrees the digits of a picture are turned clockwise. */
/** @typedef {Pick<Pixels, "width" | "height">} Size */

const { MIN_SIDE, SMALL, SMALL_SIDE, MAX_PIXELS, MAX_PART } = parameters.pyramid;

/** A picture and its reduced copies by their longer sides. */
export class Pyramid {
  /**
   * @param {Size} size
   * @param {Map<number, Pixels>} reduced
   * @param {() => Pixels} pixels the picture, which is turned only where it is needed
   */
  constructor({ width, height }, reduced, pixels) {
    this.width = width;
    this.height = height;
    this.reduced = reduced;
    this.pixels = pixels;
  }

  /**
   * A picture with a copy for each of its views that is smaller.
   * @param {Pixels} picture
   */
  static of(picture) {
    const longer = Math.max(picture.width, picture.height);
    const sides = viewSides(picture).filter((side) => side < longer);
    const reduced = new Map();
    let above = picture;
    for (const side of sides.reverse()) reduced.set(side, (above = resizedByArea(above, ...sizeOf(picture, side))));
    return new Pyramid(picture, reduced, () => picture);
  }

  /**
   * The picture with a longer side of `side` pixels, one of `viewSides`.
   * @param {number} side
   */
  copy(side) {
    return this.reduced.get(side) ?? resizedCubic(this.pixels(), ...sizeOf(this, side));
  }

  /**
   * The picture turned so that digits that are turned clockwise by `rotation` stand upright, and its copies with it.
   * @param {Rotation} rotation
   */
  turned(rotation) {
    const [width, height] = rotation % 180 ? [this.height, this.width] : [this.width, this.height];
    const copies = new Map();
    for (const [side, copy] of this.reduced) copies.set(side, upright(copy, rotation));
    return new Pyramid({ width, height }, copies, () => upright(this.pixels(), rotation));
  }
}

/**
 * The longer sides of the views to try, each twice the one before, up to the picture's own size.
 * @param {Size} picture
 */
export function viewSides({ width, height }) {
  const [longer, shorter] = [Math.max(height, width), Math.min(height, width)];
  const sides = [MIN_SIDE, 2 * MIN_SIDE];
  for (let last = 2 * MIN_SIDE; last < MAX_PART * longer && ((2 * last) ** 2 * shorter) / longer <= MAX_PIXELS; ) {
    sides.push((last *= 2));
  }
  return longer <= SMALL ? [SMALL_SIDE, ...sides] : sides;
}

/**
 * @param {Size} picture
 * @param {number} side
 * @returns {[width: number, height: number]}
 */
function sizeOf({ width, height }, side) {
  const scale = side / Math.max(width, height);
  return [Math.max(1, roundEven(width * scale)), Math.max(1, roundEven(height * scale))];
}

/**
 * @param {Pixels} picture
 * @param {Rotation} rotation
 */
function upright(picture, rotation) {
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
