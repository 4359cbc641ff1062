// Dilation and erosion of grey pictures, and distances to the paper. What lies outside a picture changes nothing.

import { pixels, roundEven } from "./pixels.js";

/** @typedef {import("./pixels.js").Pixels} Pixels */
/** @typedef {number[]} Kernel Of each row, how far it reaches to the left and right of its middle. */

/**
 * A round kernel.
 * @param {number} radius
 * @returns {Kernel}
 */
export function ellipse(radius) {
  const rows = Array.from({ length: 2 * radius + 1 }, (_, row) => row - radius);
  return rows.map((down) => roundEven(radius * Math.sqrt((radius * radius - down * down) / (radius * radius))));
}

/**
 * @param {Pixels} picture
 * @param {Kernel} kernel
 */
export function dilated(picture, kernel) {
  return ranked(picture, kernel, true);
}

/**
 * @param {Pixels} picture
 * @param {Kernel} kernel
 */
export function eroded(picture, kernel) {
  return ranked(picture, kernel, false);
}

/**
 * @param {Pixels} picture
 * @param {Kernel} kernel
 * @param {boolean} isMax the largest level below the kernel, not the smallest
 */
function ranked({ width, height, data }, kernel, isMax) {
  const target = pixels(width, height);
  const radius = kernel.length >> 1;
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      let best = isMax ? 0 : 255;
      for (let row = Math.max(0, y - radius); row <= Math.min(height - 1, y + radius); row++) {
        const reach = kernel[row - y + radius];
        const end = row * width + Math.min(width - 1, x + reach);
        for (let near = row * width + Math.max(0, x - reach); near <= end; near++) {
          if (isMax ? data[near] > best : data[near] < best) best = data[near];
        }
      }
      target.data[at] = best;
    }
  }
  return target;
}

/**
 * Dilated by a square that reaches `reach` pixels to each side.
 * @param {Uint8Array} mask
 * @param {number} width
 * @param {number} height
 * @param {number} reach
 */
export function dilatedBySquare(mask, width, height, reach) {
  const across = new Uint8Array(mask.length);
  const both = new Uint8Array(mask.length);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      const end = at + Math.min(width - 1 - x, reach);
      for (let near = at - Math.min(x, reach); near <= end; near++) if (mask[near] > across[at]) across[at] = mask[near];
    }
  }
  for (let y = 0, at = 0; y < height; y++) {
    const [above, below] = [Math.min(y, reach) * width, Math.min(height - 1 - y, reach) * width];
    for (let x = 0; x < width; x++, at++) {
      for (let near = at - above; near <= at + below; near += width) if (across[near] > both[at]) both[at] = across[near];
    }
  }
  return both;
}

// The length of a step to the side, to a corner, and of a knight's move (Borgefors 1986).
const [STEP, DIAGONAL, KNIGHT] = [1, 1.4, 2.1969].map((length) => roundEven(length * 65536));

/**
 * The sum over all pixels of their distance to the nearest pixel that is 0, in pixels. The border must be 0.
 * @param {Pixels} mask
 */
export function sumOfDistances({ width, height, data }) {
  const wide = width + 4;
  const far = new Float64Array(wide * (height + 4)).fill(2 ** 30);
  /** @type {[number, number][]} */
  const before = [
    [-1, STEP], [-wide, STEP], [-wide - 1, DIAGONAL], [-wide + 1, DIAGONAL],
    [-wide - 2, KNIGHT], [-wide + 2, KNIGHT], [-2 * wide - 1, KNIGHT], [-2 * wide + 1, KNIGHT],
  ];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (y + 2) * wide + x + 2;
      far[at] = data[y * width + x] ? Math.min(...before.map(([step, length]) => far[at + step] + length)) : 0;
    }
  }
  let sum = 0;
  for (let y = height - 1; y >= 0; y--) {
    for (let x = width - 1; x >= 0; x--) {
      const at = (y + 2) * wide + x + 2;
      if (far[at]) far[at] = Math.min(far[at], ...before.map(([step, length]) => far[at - step] + length));
      sum += far[at];
    }
  }
  return sum / 65536;
}
