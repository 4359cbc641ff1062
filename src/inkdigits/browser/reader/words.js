// Words: candidates as close as the letters of a word. Where most are letters, the others are too (reading/words.py).

import parameters from "./parameters.js";

/** @typedef {import("./pixels.js").Box} Box */

const { MAX_GAP, MIN_OVERLAP, MAX_UNEQUAL, MIN_ASPECT } = parameters.words;

/**
 * Whether each box is in a word in which more boxes are of letters, which are not `accepted`, than are accepted.
 * @param {Box[]} boxes
 * @param {boolean[]} accepted
 */
export function inWordsOfLetters(boxes, accepted) {
  const found = boxes.map(() => false);
  if (accepted.every(Boolean) || !accepted.some(Boolean)) return found;
  const letters = boxes.map(([, , w, h], place) => !accepted[place] && w >= MIN_ASPECT * h);
  const kept = boxes.map((_, place) => place).filter((place) => letters[place] || accepted[place]);
  for (const word of wordsOf(boxes, kept)) {
    const isOfLetters = word.filter((place) => letters[place]).length > word.length / 2;
    for (const place of word) found[place] = isOfLetters;
  }
  return found;
}

/**
 * The words: places of boxes that are neighbours of one another, directly or over others.
 * @param {Box[]} boxes
 * @param {number[]} places
 */
function wordsOf(boxes, places) {
  const left = new Set(places);
  const words = [];
  for (const first of places) {
    if (!left.delete(first)) continue;
    const word = [first];
    for (const place of word) {
      const near = [...left].filter((other) => areNeighbours(boxes[place], boxes[other]));
      for (const other of near) left.delete(other);
      word.push(...near);
    }
    words.push(word);
  }
  return words;
}

/**
 * @param {Box} first
 * @param {Box} second
 */
function areNeighbours([x, y, w, h], [left, top, width, height]) {
  const [higher, lower] = [Math.max(h, height), Math.min(h, height)];
  const gap = Math.max(x, left) - Math.min(x + w, left + width);
  const overlap = Math.min(y + h, top + height) - Math.max(y, top);
  return gap <= MAX_GAP * higher && overlap >= MIN_OVERLAP * lower && higher <= MAX_UNEQUAL * lower;
}
