// Separators between the digits of a row, by their shape and place; lengths in heights of a digit (reading/separators.py).

import parameters from "./parameters.js";

/** @typedef {import("./pixels.js").Box} Box */
/** @typedef {import("./reader.js").Digit} Digit */
/** @typedef {import("./reader.js").Separator} Separator */

const {
  MAX_DOT, MAX_COMMA, MAX_BAR_HEIGHT, MIN_BAR_ASPECT, MAX_BAR_WIDTH, MIN_SLASH_HEIGHT, MAX_SLASH_ASPECT, MIN_SLASH_TOP,
  MAX_SLASH_TOP, MIN_BAR_TOP, MAX_BAR_BOTTOM, MIN_DOT_BOTTOM, MAX_DOT_BOTTOM, MIN_COMMA_TOP, MIN_COMMA_BOTTOM, MAX_GAP,
} = parameters.separators;

/**
 * The separators among the boxes of ink that is no digit's, in reading order.
 * @param {Digit[]} digits
 * @param {Box[]} marks
 * @returns {Separator[]}
 */
export function findSeparators(digits, marks) {
  const accepted = digits.filter((digit) => digit.outcome !== "not_a_digit");
  const rows = [...new Set(accepted.map((digit) => digit.row))].sort((one, other) => one - other);
  return rows.flatMap((row) => {
    const own = accepted.filter((digit) => digit.row === row).sort((one, other) => byBox(one.box, other.box));
    const found = marks.flatMap((mark) => separatorOf(mark, own, row));
    return withColons(found.sort((one, other) => one.box[0] - other.box[0]));
  });
}

/**
 * @param {Box} one
 * @param {Box} other
 */
function byBox(one, other) {
  const place = one.findIndex((value, at) => value !== other[at]);
  return place < 0 ? 0 : one[place] - other[place];
}

/**
 * @param {Box} mark
 * @param {Digit[]} row
 * @param {number} number
 * @returns {Separator[]} one or none
 */
function separatorOf(mark, row, number) {
  const before = row.filter(({ box: [x, , width] }) => x + width / 2 < mark[0] + mark[2] / 2);
  if (!before.length) return [];
  const [x, y, w, h] = before[before.length - 1].box;
  const height = Math.max(h, w);
  if (mark[0] - (x + w) > MAX_GAP * height) return [];
  // 0 at the top of the digit before it and 1 at its foot.
  const [top, bottom] = [(mark[1] - y) / height, (mark[1] + mark[3] - y) / height];
  const character = characterOf(mark[2] / height, mark[3] / height, top, bottom);
  return character ? [{ character, box: mark, row: number }] : [];
}

/**
 * @param {number} width
 * @param {number} height
 * @param {number} top
 * @param {number} bottom
 */
function characterOf(width, height, top, bottom) {
  if (height >= MIN_SLASH_HEIGHT) {
    return width <= MAX_SLASH_ASPECT * height && MIN_SLASH_TOP < top && top < MAX_SLASH_TOP ? "/" : null;
  }
  if (height <= MAX_BAR_HEIGHT && width >= MIN_BAR_ASPECT * height && width <= MAX_BAR_WIDTH) {
    return top > MIN_BAR_TOP && bottom < MAX_BAR_BOTTOM ? "-" : null;
  }
  if (Math.max(width, height) <= MAX_DOT) return MIN_DOT_BOTTOM < bottom && bottom < MAX_DOT_BOTTOM ? "." : null;
  const isSmall = height <= MAX_COMMA && width <= MAX_COMMA;
  return isSmall && top > MIN_COMMA_TOP && bottom > MIN_COMMA_BOTTOM ? "," : null;
}

/**
 * Pairs of points, one above the other, as one colon each.
 * @param {Separator[]} separators
 */
function withColons(separators) {
  /** @type {Separator[]} */
  const found = [];
  for (const one of separators) {
    const last = found[found.length - 1];
    if (last?.character === "." && one.character === "." && isAbove(one.box, last.box)) {
      found[found.length - 1] = { character: ":", box: around(one.box, last.box), row: one.row };
    } else {
      found.push(one);
    }
  }
  return found;
}

/**
 * @param {Box} first
 * @param {Box} second
 */
function isAbove(first, second) {
  const aligned = Math.abs(first[0] - second[0]) <= Math.max(first[2], second[2]);
  return aligned && Math.abs(first[1] - second[1]) > Math.max(first[3], second[3]);
}

/**
 * @param {Box} first
 * @param {Box} second
 * @returns {Box}
 */
function around(first, second) {
  const [x, y] = [Math.min(first[0], second[0]), Math.min(first[1], second[1])];
  const right = Math.max(first[0] + first[2], second[0] + second[2]);
  return [x, y, right - x, Math.max(first[1] + first[3], second[1] + second[3]) - y];
}
