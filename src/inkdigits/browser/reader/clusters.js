// Clusters: ink of a view, grouped by where the finder says that its digit has its middle (reading/components.py).

import { Component, typicalHeight } from "./component.js";
import { areas, connectedComponents } from "./connected.js";
import { middleOfEach } from "./middles.js";
import { dilatedBySquare } from "./morphology.js";
import parameters from "./parameters.js";
import { pixels, roundEven } from "./pixels.js";

/** @typedef {import("./finder.js").InkMaps} InkMaps */
/** @typedef {Component[][]} Cluster Ink that is one digit or a few: each hypothesis a list of digits, the finder's own first. */
/** @typedef {{ maps: InkMaps, places: Int32Array }} Ink The places of its pixels. */

const { MIN_AREA, MAX_COMPONENTS, MIN_PART, SPECK, MIN_SIDE } = parameters.components;
const [MIN_COVER, MIN_CONNECTED_COVER] = [parameters.components.MIN_COVER, parameters.components.MIN_CONNECTED_COVER].map(Math.fround);

/**
 * The ink of a view as clusters, and the specks, which are too small for digits, apart.
 * @param {InkMaps} maps
 * @returns {{ clusters: Cluster[], specks: Component[] }}
 */
export function findClusters(maps) {
  const mask = inkMask(maps.ink, maps.width, maps.height);
  const { labels } = connectedComponents(mask, maps.width, maps.height);
  const places = Int32Array.from(indicesOf(mask, (value) => value > 0));
  if (!places.length) return { clusters: [], specks: [] };
  const connected = places.map((place) => labels[place]);
  const digits = withStrays(middleOfEach(maps, places), connected);
  const ink = { maps, places };
  return withoutSpecks(groups(connected, digits).map((group) => clusterOf(ink, group, connected, digits)));
}

/**
 * @param {ArrayLike<number>} values
 * @param {(value: number) => boolean} test
 */
function indicesOf(values, test) {
  const found = [];
  for (let at = 0; at < values.length; at++) if (test(values[at])) found.push(at);
  return found;
}

/**
 * 1 where there is ink, else 0: what is certain, and what is connected to it.
 * @param {Float32Array} cover
 * @param {number} width
 * @param {number} height
 */
function inkMask(cover, width, height) {
  const possible = new Uint8Array(cover.length);
  for (let at = 0; at < cover.length; at++) possible[at] = cover[at] > MIN_CONNECTED_COVER ? 1 : 0;
  const { count, labels } = connectedComponents(possible, width, height);
  const holds = new Uint8Array(count);
  for (let at = 0; at < cover.length; at++) if (cover[at] > MIN_COVER) holds[labels[at]] = 1;
  for (let at = 0; at < labels.length; at++) possible[at] = holds[labels[at]];
  return possible;
}

/**
 * Pixels that point to no middle (0) belong to the digit of most of the ink that they are connected to.
 * @param {Int32Array} digits
 * @param {Int32Array} connected
 */
function withStrays(digits, connected) {
  const count = maximum(digits) + 1;
  /** @type {Map<number, Map<number, number>>} */
  const sizes = new Map();
  digits.forEach((digit, at) => {
    if (!digit) return;
    const own = sizes.get(connected[at]) ?? new Map();
    sizes.set(connected[at], own.set(digit, (own.get(digit) ?? 0) + 1));
  });
  const most = new Map([...sizes].map(([label, own]) => {
    const sorted = [...own].sort(([one, size], [other, otherSize]) => otherSize - size || other - one);
    return [label, sorted[0][0]];
  }));
  // Ink without any middle is a digit of its own.
  return digits.map((digit, at) => digit || (most.get(connected[at]) ?? count + connected[at]));
}

/** @param {Int32Array} values */
function maximum(values) {
  return values.reduce((most, value) => Math.max(most, value), 0);
}

/**
 * The pixels of each group, largest first: connected ink, and ink of one digit, are in one group.
 * @param {Int32Array} connected
 * @param {Int32Array} digits
 */
function groups(connected, digits) {
  const span = maximum(digits) + 1;
  const pairs = Float64Array.from(connected, (label, at) => label * span + digits[at]);
  const rootOf = joinedPairs([...new Set(pairs)].sort((one, other) => one - other), span);
  /** @type {Map<number, number[]>} */
  const found = new Map();
  pairs.forEach((pair, at) => {
    const root = rootOf((pair % span) + 1);
    found.set(root, found.get(root) ?? []);
    found.get(root)?.push(at);
  });
  const ordered = [...found].sort(([one, places], [other, others]) => others.length - places.length || one - other);
  return ordered.slice(0, MAX_COMPONENTS).map(([, places]) => places).filter((places) => places.length >= MIN_AREA);
}

/**
 * What finds the root of a digit's number, once each pair has joined connected ink (below 0) and a digit (above 0).
 * @param {number[]} pairs
 * @param {number} span
 */
function joinedPairs(pairs, span) {
  /** @type {Map<number, number>} */
  const parent = new Map();
  /** @param {number} node */
  const rootOf = (node) => {
    for (let next = parent.get(node) ?? node; next !== node; next = parent.get(node) ?? node) node = next;
    return node;
  };
  for (const pair of pairs) {
    const [one, other] = [rootOf(-Math.floor(pair / span)), rootOf((pair % span) + 1)];
    if (one !== other) parent.set(one, other);
  }
  return rootOf;
}

/**
 * @param {Ink} ink
 * @param {number[]} group
 * @param {Int32Array} connected
 * @param {Int32Array} digits
 * @returns {Cluster}
 */
function clusterOf(ink, group, connected, digits) {
  const hypotheses = [componentsOf(ink, group, digits)];
  if (hypotheses[0].length > 1 || new Set(group.map((at) => connected[at])).size > 1) {
    hypotheses.push(componentsOf(ink, group, connected));
    if (hypotheses[0].length > 1 && hypotheses[1].length > 1) hypotheses.push([componentOf(ink, group)]);
  }
  return hypotheses;
}

/**
 * All the ink of a cluster as one component.
 * @param {Cluster} cluster
 */
export function wholeOf(cluster) {
  return cluster.reduce((fewest, digits) => (digits.length < fewest.length ? digits : fewest))[0];
}

/**
 * A component for each label, left to right; those of less than a fraction of the largest are left out.
 * @param {Ink} ink
 * @param {number[]} group
 * @param {Int32Array} labels
 */
function componentsOf(ink, group, labels) {
  /** @type {Map<number, number[]>} */
  const parts = new Map();
  for (const at of group) {
    parts.set(labels[at], parts.get(labels[at]) ?? []);
    parts.get(labels[at])?.push(at);
  }
  const largest = Math.max(...[...parts.values()].map((part) => part.length));
  const least = Math.max(Math.min(MIN_AREA, largest), MIN_PART * largest);
  const kept = [...parts].sort(([one], [other]) => one - other).filter(([, part]) => part.length >= least);
  return kept.map(([, part]) => componentOf(ink, part)).sort((one, other) => one.x - other.x);
}

/**
 * Pixels of ink as one component, with the soft edge around them.
 * @param {Ink} ink
 * @param {number[]} part
 */
export function componentOf({ maps, places }, part) {
  let [left, top, right, bottom] = [maps.width, maps.height, 0, 0];
  for (const at of part) {
    const [x, y] = [places[at] % maps.width, Math.floor(places[at] / maps.width)];
    [left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x), Math.max(bottom, y)];
  }
  [left, top] = [Math.max(0, left - 1), Math.max(0, top - 1)];
  const [width, height] = [Math.min(maps.width, right + 2) - left, Math.min(maps.height, bottom + 2) - top];
  const mask = new Uint8Array(width * height);
  for (const at of part) {
    mask[(Math.floor(places[at] / maps.width) - top) * width + (places[at] % maps.width) - left] = 1;
  }
  const own = withoutCrumbs(mask, width, height);
  const edge = dilatedBySquare(own, width, height, 1);
  const kept = pixels(width, height);
  let [digit, other] = [0, 0];
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to++) {
      const at = (top + y) * maps.width + left + x;
      if (own[to]) [digit, other] = [digit + maps.digit[at], other + maps.other[at]];
      // More than an edge's cover is another component's ink.
      if (own[to] || (edge[to] && maps.ink[at] <= MIN_CONNECTED_COVER)) {
        kept.data[to] = roundEven(Math.fround(255 * maps.ink[at]));
      };
    }
  }
  return new Component(left, top, kept, digit / (digit + other));
}

/**
 * Without the small parts that are connected to nothing: a few pixels that point to the wrong middle.
 * @param {Uint8Array} own
 * @param {number} width
 * @param {number} height
 */
function withoutCrumbs(own, width, height) {
  const { count, labels } = connectedComponents(own, width, height);
  if (count === 2) return own;
  const [, ...sizes] = areas(labels, count);
  const least = Math.min(MIN_PART * sizes.reduce((sum, size) => sum + size, 0), Math.max(...sizes));
  return Uint8Array.from(labels, (label) => (label && sizes[label - 1] >= least ? 1 : 0));
}

/** @param {Cluster[]} clusters */
function withoutSpecks(clusters) {
  const height = typicalHeight(clusters.flatMap(([own]) => own));
  const limit = Math.max(SPECK * height, MIN_SIDE - 1);
  /** @param {Cluster} cluster */
  const isSpeck = ([own]) => own.every((part) => Math.max(part.inkBox[2], part.inkBox[3]) <= limit);
  const specks = clusters.filter(isSpeck).flatMap(([own]) => own);
  return { clusters: clusters.filter((cluster) => !isSpeck(cluster)), specks };
}
