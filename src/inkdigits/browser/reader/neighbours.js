// The digits beside a mark in its row (reading/neighbours.py).

/** @typedef {import("./pixels.js").Box} Box */
/** @typedef {{gap: number, box: Box}} Neighbour with the gap to it in pixels */

/**
 * Whether two boxes have half of the lower one's height in common.
 * @param {Box} one
 * @param {Box} other
 */
export function areInOneRow(one, other) {
  const overlap = Math.min(one[1] + one[3], other[1] + other[3]) - Math.max(one[1], other[1]);
  return overlap >= Math.min(one[3], other[3]) / 2;
}

/**
 * The nearest of `digits` to the left of `mark` in its row; null without one.
 * @param {Box} mark
 * @param {Box[]} digits
 * @returns {Neighbour | null}
 */
export function nearestBefore(mark, digits) {
  const before = rowOf(mark, digits).filter((box) => box[0] + box[2] / 2 < mark[0] + mark[2] / 2);
  return nearestOf(before.map((box) => ({ gap: mark[0] - box[0] - box[2], box })));
}

/**
 * The nearest of `digits` to the right of `mark` in its row; null without one.
 * @param {Box} mark
 * @param {Box[]} digits
 * @returns {Neighbour | null}
 */
export function nearestAfter(mark, digits) {
  const after = rowOf(mark, digits).filter((box) => box[0] + box[2] / 2 > mark[0] + mark[2] / 2);
  return nearestOf(after.map((box) => ({ gap: box[0] - mark[0] - mark[2], box })));
}

/**
 * @param {Box} mark
 * @param {Box[]} digits
 */
function rowOf(mark, digits) {
  return digits.filter((box) => String(box) !== String(mark) && areInOneRow(mark, box));
}

/**
 * The one with the least gap, then the one whose box comes first.
 * @param {Neighbour[]} neighbours
 */
function nearestOf(neighbours) {
  const lists = neighbours.map(({ gap, box }) => [gap, ...box]);
  const least = lists.length ? lists.indexOf(leastOf(lists)) : -1;
  return least < 0 ? null : neighbours[least];
}

/**
 * The first of lists of numbers, by their first number, then by those that follow.
 * @param {number[][]} lists
 */
export function leastOf(lists) {
  return lists.reduce((least, list) => {
    const place = list.findIndex((value, at) => value !== least[at]);
    return place >= 0 && list[place] < least[place] ? list : least;
  });
}
