// Pictures as plain arrays, and the rounding of Python and OpenCV.

/**
 * @typedef {object} Pixels 8-bit grey levels, row by row from the top, the channels of a pixel side by side.
 * @property {number} width
 * @property {number} height
 * @property {number} channels 1 or 3
 * @property {Uint8Array} data
 */

/** @typedef {[x: number, y: number, width: number, height: number]} Box */

/**
 * @param {number} width
 * @param {number} height
 * @param {number} [channels]
 * @param {Uint8Array} [data] black without it
 * @returns {Pixels}
 */
export function pixels(width, height, channels = 1, data = new Uint8Array(width * height * channels)) {
  return { width, height, channels, data };
}

/**
 * The nearest whole number, the even one of two.
 * @param {number} value
 */
export function roundEven(value) {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

/**
 * The part of a picture inside a box.
 * @param {Pixels} picture
 * @param {Box} box
 */
export function crop(picture, [x, y, width, height]) {
  const part = pixels(width, height, picture.channels);
  const length = width * picture.channels;
  for (let row = 0; row < height; row++) {
    const start = ((y + row) * picture.width + x) * picture.channels;
    part.data.set(picture.data.subarray(start, start + length), row * length);
  }
  return part;
}

/**
 * A picture with margins of one colour.
 * @param {Pixels} picture
 * @param {{ left: number, top: number, right: number, bottom: number }} margins
 * @param {number[]} colour a level for each channel
 */
export function framed(picture, { left, top, right, bottom }, colour) {
  const { channels } = picture;
  const frame = pixels(left + picture.width + right, top + picture.height + bottom, channels);
  for (let channel = 0; channel < channels; channel++) {
    for (let at = channel; at < frame.data.length; at += channels) frame.data[at] = colour[channel];
  }
  for (let row = 0; row < picture.height; row++) {
    const start = row * picture.width * channels;
    const line = picture.data.subarray(start, start + picture.width * channels);
    frame.data.set(line, ((top + row) * frame.width + left) * channels);
  }
  return frame;
}

/**
 * A picture with a black margin of `margin` pixels on all sides.
 * @param {Pixels} picture
 * @param {number} margin
 */
export function withMargin(picture, margin) {
  const black = new Array(picture.channels).fill(0);
  return framed(picture, { left: margin, top: margin, right: margin, bottom: margin }, black);
}

/**
 * The smallest box around the pixels of a grey picture above a level; null without any.
 * @param {Pixels} picture
 * @param {number} level
 * @returns {Box | null}
 */
export function boxAbove({ width, height, data }, level) {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      if (data[at] <= level) continue;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      bottom = y;
    }
  }
  return right < 0 ? null : [left, top, right + 1 - left, bottom + 1 - top];
}

/** @param {Uint8Array | number[]} levels */
export function largest(levels) {
  let most = 0;
  for (const level of levels) if (level > most) most = level;
  return most;
}

/**
 * The median, the mean of the middle two of an even number of values.
 * @param {number[] | Float32Array} values
 */
export function median(values) {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
