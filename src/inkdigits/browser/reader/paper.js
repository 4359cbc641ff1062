// RGB from RGBA: transparent parts become paper that the ink contrasts with (images/flatten.py).

import { median, pixels } from "./pixels.js";

const SAMPLED = 4_000_000; // pixels by which the paper's colour is found

/**
 * @param {import("./reader.js").Picture} picture
 * @returns {import("./pixels.js").Pixels}
 */
export function onPaper({ width, height, data }) {
  if (!(width > 0 && height > 0 && data.length === 4 * width * height)) {
    throw new TypeError(`expected { width, height, data } with 8-bit RGBA: got ${data?.length} numbers for ${width} x ${height} pixels`);
  }
  const flat = pixels(width, height, 3);
  const levels = flat.data;
  let least = 255;
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
    levels[to] = data[from];
    levels[to + 1] = data[from + 1];
    levels[to + 2] = data[from + 2];
    least = Math.min(least, data[from + 3]);
  }
  if (least === 255) return flat;
  const paper = paperOf({ width, height, data });
  for (let place = 0; place < width * height; place++) {
    const alpha = data[4 * place + 3];
    for (let channel = 0; channel < 3; channel++) {
      const level = data[4 * place + channel] * alpha + paper[channel] * (255 - alpha);
      levels[3 * place + channel] = Math.floor((level + 127) / 255);
    }
  }
  return flat;
}

/**
 * Where little is opaque, white, or black where the ink is light; else the median colour of what is.
 * @param {import("./reader.js").Picture} picture
 */
function paperOf({ width, height, data }) {
  const step = Math.max(1, Math.round(Math.sqrt((width * height) / SAMPLED)));
  const opaque = [];
  let [count, weight, brightness] = [0, 0, 0];
  for (let y = 0; y < height; y += step) {
    for (let x = 0; x < width; x += step) {
      const at = 4 * (y * width + x);
      const alpha = data[at + 3];
      count++;
      weight += alpha;
      brightness += ((data[at] + data[at + 1] + data[at + 2]) / 3) * alpha;
      if (alpha > 127) opaque.push(at);
    }
  }
  if (opaque.length > 0.6 * count) {
    const some = opaque.filter((_, place) => place % 7 === 0);
    return [0, 1, 2].map((channel) => Math.floor(median(some.map((at) => data[at + channel]))));
  }
  return new Array(3).fill(weight && brightness / weight > 127 ? 0 : 255);
}
