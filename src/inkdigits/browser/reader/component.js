// Component: ink that may be one digit.

import parameters from "./parameters.js";
import { boxAbove } from "./pixels.js";

/** @typedef {import("./pixels.js").Pixels} Pixels */
/** @typedef {import("./pixels.js").Box} Box */

const { HEIGHT_OF_WIDTH } = parameters.components;

export class Component {
  /**
   * @param {number} x in pixels of the view
   * @param {number} y
   * @param {Pixels} cover how much of each pixel of its box ink covers, of 255
   * @param {number} digitFraction the fraction of the ink that the finder takes for a digit's
   */
  constructor(x, y, cover, digitFraction) {
    this.x = x;
    this.y = y;
    this.cover = cover;
    this.digitFraction = digitFraction;
    this.area = cover.data.reduce((count, level) => count + (level > 127 ? 1 : 0), 0);
    const [left, top, width, height] = boxAbove(cover, 127) ?? [0, 0, 0, 0];
    /** @type {Box} of the pixels with ink */
    this.inkBox = [x + left, y + top, width, height];
  }

  // The height of the digit that it may be, in pixels; a wide stroke counts as a low digit.
  get height() {
    return Math.max(this.inkBox[3], HEIGHT_OF_WIDTH * this.inkBox[2]);
  }
}

/**
 * The height of the writing in pixels: half of the ink is in components that are no taller; 0 without any.
 * @param {Component[]} components
 */
export function typicalHeight(components) {
  const sorted = [...components].sort((one, other) => one.height - other.height);
  const half = components.reduce((sum, component) => sum + component.area, 0) / 2;
  let sum = 0;
  return sorted.find((component) => (sum += component.area) >= half)?.height ?? 0;
}
