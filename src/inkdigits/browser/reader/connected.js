// Connected pixels: those that touch by a side or a corner.

/**
 * Numbers from 1 for the connected pixels of a mask, 0 where it is 0. `count` includes the 0.
 *
 * They are in the order of the first blocks of 2 x 2 pixels, as OpenCV's (Bolelli, Allegretti, Baraldi, Grana 2019).
 * @param {Uint8Array} mask
 * @param {number} width
 * @param {number} height
 */
export function connectedComponents(mask, width, height) {
  const labels = new Int32Array(mask.length);
  const parent = firstPass(mask, labels, width, height);
  const numbers = new Int32Array(parent.length);
  let count = 1;
  /** @param {number} at */
  const number = (at) => {
    const own = root(parent, labels[at]);
    if (!numbers[own]) numbers[own] = count++;
    labels[at] = -numbers[own];
  };
  for (let top = 0; top < height; top += 2) {
    for (let x = 0; x < width; x++) {
      const at = top * width + x;
      if (labels[at] > 0) number(at);
      if (top + 1 < height && labels[at + width] > 0) number(at + width);
    }
  }
  for (let at = 0; at < labels.length; at++) labels[at] = -labels[at];
  return { count, labels };
}

/**
 * Give each pixel a preliminary label, and return which labels are the same.
 * @param {Uint8Array} mask
 * @param {Int32Array} labels
 * @param {number} width
 * @param {number} height
 */
function firstPass(mask, labels, width, height) {
  const parent = [0];
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      if (!mask[at]) continue;
      let label = x > 0 ? labels[at - 1] : 0;
      if (y > 0) {
        const above = at - width;
        for (const near of [x > 0 ? labels[above - 1] : 0, labels[above], x + 1 < width ? labels[above + 1] : 0]) {
          if (near && near !== label) label = label ? joined(parent, label, near) : near;
        }
      }
      if (!label) parent.push((label = parent.length));
      labels[at] = label;
    }
  }
  return parent;
}

/**
 * @param {number[]} parent
 * @param {number} label
 */
function root(parent, label) {
  while (parent[label] !== label) label = parent[label] = parent[parent[label]];
  return label;
}

/**
 * @param {number[]} parent
 * @param {number} first
 * @param {number} second
 */
function joined(parent, first, second) {
  const [one, other] = [root(parent, first), root(parent, second)];
  const least = Math.min(one, other);
  parent[one] = parent[other] = least;
  return least;
}

/**
 * The number of pixels of each label.
 * @param {Int32Array} labels
 * @param {number} count
 */
export function areas(labels, count) {
  const found = new Array(count).fill(0);
  for (const label of labels) found[label]++;
  return found;
}
