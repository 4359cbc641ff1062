// A short way for small pictures of one digit on even paper, without the finder (reading/plain.py).

import { Component } from "./component.js";
import { areas, connectedComponents } from "./connected.js";
import { dilatedBySquare } from "./morphology.js";
import { normalizeInk } from "./normalize.js";
import parameters from "./parameters.js";
import { boxAbove, crop, largest, median, pixels, roundEven } from "./pixels.js";
import { resizedCubic } from "./resize.js";
import { Candidate, Segmentation } from "./segmentation.js";

/** @typedef {import("./pixels.js").Pixels} Pixels */

const { MAX_SIDE, MIN_SIDE, FACTOR, MIN_CONTRAST, EDGE, INK, GRAIN, MAX_ASPECT, MIN_OVERLAP, MIN_PROBABILITY } = parameters.plain;
const { ACCEPTANCE_THRESHOLD } = parameters.model;
const { MARGIN } = parameters.views;

/**
 * The segmentation of a picture that plainly shows one digit; null for any other.
 * @param {Pixels} picture
 * @param {import("./finder.js").Networks["classify"]} classify
 */
export async function segmentPlain(picture, classify) {
  const longer = Math.max(picture.width, picture.height);
  if (longer > MAX_SIDE) return null;
  const scale = longer < MIN_SIDE ? FACTOR : 1;
  const shown = scale > 1 ? resizedCubic(picture, picture.width * scale, picture.height * scale) : picture;
  const component = onlyComponent(inkOf(shown, scale > 1), scale > 1 ? scale : EDGE);
  if (!component) return null;
  const networkInput = normalizeInk(component.cover);
  const [probabilities] = await classify([networkInput]);
  const candidate = new Candidate(component, networkInput, probabilities);
  if (candidate.best < (scale > 1 ? ACCEPTANCE_THRESHOLD : MIN_PROBABILITY)) return null;
  /** @type {[number, number]} */
  const size = [picture.width, picture.height];
  const maps = mapsOf(component, shown.width + 2 * MARGIN, shown.height + 2 * MARGIN);
  return new Segmentation({ maps, scale, size }, [candidate], [], [], true);
}

/**
 * What the finder would have said of a component.
 * @param {Component} component
 * @param {number} width
 * @param {number} height
 */
function mapsOf({ x, y, cover }, width, height) {
  const ink = new Float32Array(width * height);
  cover.data.forEach((level, at) => {
    ink[(y + Math.floor(at / cover.width)) * width + x + (at % cover.width)] = level / 255;
  });
  const nothing = new Float32Array(width * height);
  return { width, height, digit: ink, other: nothing, ink, right: nothing, down: nothing };
}

/**
 * How far each pixel differs from the border's colour, stretched to 255; null on uneven paper.
 * @param {Pixels} picture
 * @param {boolean} mayBeAtBorder whether ink may
 */
function inkOf(picture, mayBeAtBorder) {
  const { width, height, channels, data } = picture;
  const edges = borderPlaces(width, height);
  const paper = Array.from({ length: channels }, (_, channel) => (
    Math.floor(median(edges.map((place) => data[place * channels + channel])))
  ));
  const ink = pixels(width, height);
  data.forEach((level, at) => {
    const place = Math.floor(at / channels);
    ink.data[place] = Math.max(ink.data[place], Math.abs(level - paper[at % channels]));
  });
  const contrast = largest(ink.data);
  if (contrast < MIN_CONTRAST) return null;
  const full = Math.fround(255 / contrast);
  ink.data.forEach((level, at) => (ink.data[at] = Math.min(255, roundEven(Math.fround(level * full)))));
  return mayBeAtBorder || edges.every((place) => ink.data[place] <= 255 * GRAIN) ? ink : null;
}

/**
 * @param {number} width
 * @param {number} height
 */
function borderPlaces(width, height) {
  const places = [];
  for (let x = 0; x < width; x++) places.push(x, (height - 1) * width + x);
  for (let y = 1; y < height - 1; y++) places.push(y * width, y * width + width - 1);
  return places;
}

/**
 * The ink as one component with soft edges; null unless all else is paper.
 * @param {Pixels | null} ink
 * @param {number} edge pixels
 */
function onlyComponent(ink, edge) {
  if (!ink) return null;
  const { width, height } = ink;
  const mask = ink.data.map((level) => (level > 255 * INK ? 1 : 0));
  const box = boxAbove({ ...ink, data: mask }, 0);
  if (!box || box[2] > MAX_ASPECT * box[3] || !areOverEachOther(mask, width, height)) return null;
  const near = dilatedBySquare(mask, width, height, edge);
  if (ink.data.some((level, at) => !near[at] && level > 255 * GRAIN)) return null;
  const [left, top] = [Math.max(0, box[0] - edge), Math.max(0, box[1] - edge)];
  const right = Math.min(width, box[0] + box[2] + edge);
  const bottom = Math.min(height, box[1] + box[3] + edge);
  const covered = { ...ink, data: ink.data.map((level, at) => (near[at] ? level : 0)) };
  const cover = crop(covered, [left, top, right - left, bottom - top]);
  return new Component(MARGIN + left, MARGIN + top, cover, 1);
}

/**
 * Whether the connected parts of a mask lie above or within the largest, as those of a 5 do.
 * @param {Uint8Array} mask
 * @param {number} width
 * @param {number} height
 */
function areOverEachOther(mask, width, height) {
  const { count, labels } = connectedComponents(mask, width, height);
  const sizes = areas(labels, count).slice(1);
  const spans = sizes.map(() => [width, 0]);
  labels.forEach((label, at) => {
    if (!label) return;
    const span = spans[label - 1];
    span[0] = Math.min(span[0], at % width);
    span[1] = Math.max(span[1], (at % width) + 1);
  });
  const [left, right] = spans[sizes.indexOf(Math.max(...sizes))];
  return spans.every(([start, end]) => Math.min(end, right) - Math.max(start, left) >= MIN_OVERLAP * (end - start));
}
