// Digits that are broken in two: components one above the other, together as high as the row (reading/broken.py).

import { Component } from "./component.js";
import parameters from "./parameters.js";
import { median, pixels } from "./pixels.js";

/** @typedef {import("./pixels.js").Box} Box */

const { MIN_HEIGHT, MAX_HEIGHT, MAX_PART, MAX_GAP, MAX_ASIDE, MIN_OTHERS } = parameters.broken;

/**
 * The places of the upper and the lower part of everything that may be a digit broken in two.
 * @param {Component[]} components
 * @returns {[number, number][]}
 */
export function brokenPairs(components) {
  const boxes = components.map((component) => component.inkBox);
  return boxes.flatMap((above, upper) => boxes.flatMap((below, lower) => {
    const isPair = mayBeOne(above, below) && areAsHighAsRow(boxes, upper, lower);
    return isPair ? [/** @type {[number, number]} */ ([upper, lower])] : [];
  }));
}

/**
 * @param {Box} above
 * @param {Box} below
 */
function mayBeOne([x, y, w, h], [xBelow, yBelow, wBelow, hBelow]) {
  const together = yBelow + hBelow - y;
  return yBelow > y + h / 2 && yBelow + hBelow > y + h
    && Math.abs(x + w / 2 - xBelow - wBelow / 2) <= (MAX_ASIDE / MIN_HEIGHT) * together
    && yBelow - y - h <= (MAX_GAP / MIN_HEIGHT) * together;
}

/**
 * @param {Box[]} boxes
 * @param {number} upper
 * @param {number} lower
 */
function areAsHighAsRow(boxes, upper, lower) {
  const [[x, top, w, h], [xBelow, topBelow, wBelow, hBelow]] = [boxes[upper], boxes[lower]];
  const bottom = topBelow + hBelow;
  const others = boxes.filter((_, place) => place !== upper && place !== lower);
  const beside = others.filter(([, y, , height]) => y + height / 2 > top && y + height / 2 < bottom);
  if (beside.length < MIN_OTHERS) return false;
  const row = median(beside.map(([, , , height]) => height));
  return bottom - top >= MIN_HEIGHT * row && bottom - top <= MAX_HEIGHT * row && Math.max(h, hBelow) <= MAX_PART * row
    && topBelow - (top + h) <= MAX_GAP * row && Math.abs(x + w / 2 - xBelow - wBelow / 2) <= MAX_ASIDE * row;
}

/**
 * Both components as one.
 * @param {Component} upper
 * @param {Component} lower
 */
export function joined(upper, lower) {
  const parts = [upper, lower];
  const [left, top] = [Math.min(upper.x, lower.x), Math.min(upper.y, lower.y)];
  const right = Math.max(...parts.map(({ x, cover }) => x + cover.width));
  const bottom = Math.max(...parts.map(({ y, cover }) => y + cover.height));
  const whole = pixels(right - left, bottom - top);
  for (const { x, y, cover } of parts) {
    cover.data.forEach((level, at) => {
      const [column, row] = [x - left + (at % cover.width), y - top + Math.floor(at / cover.width)];
      const place = row * whole.width + column;
      whole.data[place] = Math.max(whole.data[place], level);
    });
  }
  const area = upper.area + lower.area;
  const ofDigits = parts.reduce((sum, part) => sum + part.digitFraction * part.area, 0);
  return new Component(left, top, whole, area ? ofDigits / area : 0);
}
