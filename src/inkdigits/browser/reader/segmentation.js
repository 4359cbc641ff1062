// Segmentation of a view into candidates that the classifier has classified (reading/segmentation.py).

import { brokenPairs, joined } from "./broken.js";
import { findClusters, wholeOf } from "./clusters.js";
import { typicalHeight } from "./component.js";
import { normalizeInk } from "./normalize.js";
import parameters from "./parameters.js";
import { bestPath, cutEverywhere, mayBeSeveral, splitAtWall } from "./touching.js";

/** @typedef {import("./component.js").Component} Component */
/** @typedef {import("./pixels.js").Pixels} Pixels */
/** @typedef {import("./finder.js").Networks["classify"]} Classify */
/** @typedef {import("./views.js").View} View */

const { LIKELY, MIN_GAIN, MIN_PROBABILITY, MIN_ASPECT, MIN_OTHERS, MIN_JOINED_PROBABILITY } = parameters.segmentation;
const { MIN_FORCED_PROBABILITY, MAX_PARTS, MAX_CUTS } = parameters.segmentation;

// A component that may be a digit, the picture of it that the classifier was given, and its answer.
export class Candidate {
  /**
   * @param {Component} component
   * @param {Pixels} networkInput
   * @param {Float32Array} probabilities
   * @param {boolean} [forced] from a split that only a known length justifies
   */
  constructor(component, networkInput, probabilities, forced = false) {
    this.component = component;
    this.networkInput = networkInput;
    this.probabilities = probabilities;
    this.forced = forced;
    this.best = Math.max(...probabilities);
    this.value = probabilities.indexOf(this.best);
    this.confidence = this.best * component.digitFraction;
  }
}

/**
 * How much candidates look like digits.
 * @param {Candidate[]} candidates
 */
export function qualityOf(candidates) {
  const sum = candidates.reduce((total, candidate) => total + (candidate.confidence - LIKELY), 0);
  return sum / (Math.sqrt(candidates.length) || 1);
}

export class Segmentation {
  /**
   * @param {View} view
   * @param {Candidate[]} candidates
   * @param {import("./clusters.js").Cluster[]} clusters
   * @param {Component[]} specks
   * @param {boolean} plain the finder was not asked (plain.js)
   */
  constructor(view, candidates, clusters = [], specks = [], plain = false) {
    this.view = view;
    this.candidates = candidates;
    this.clusters = clusters;
    this.specks = specks;
    this.plain = plain;
    this.quality = qualityOf(candidates);
    this.height = typicalHeight(candidates.map((candidate) => candidate.component));
  }
}

/**
 * @param {View} view
 * @param {Classify} classify
 */
export async function segment(view, classify) {
  const { clusters, specks } = findClusters(view.maps);
  const classified = await classifyEach(clusters.flat(), classify);
  const best = clusters.map((cluster) => bestOf(cluster.map(() => /** @type {Candidate[]} */ (classified.shift()))));
  const candidates = await rejoin((await cut(clusters, best, view.maps, classify)).flat(), classify);
  return new Segmentation(view, candidates, clusters, specks);
}

/**
 * The candidates of each cluster, replaced by touching digits where its ink is some.
 * @param {import("./clusters.js").Cluster[]} clusters
 * @param {Candidate[][]} best
 * @param {import("./finder.js").InkMaps} maps
 * @param {Classify} classify
 */
async function cut(clusters, best, maps, classify) {
  const wholes = clusters.map(wholeOf);
  const doubtful = [...clusters.keys()]
    .filter((place) => leastProbable(best[place]) < MIN_PROBABILITY && mayBeSeveral(wholes[place], MIN_ASPECT))
    .sort((one, other) => wholes[other].cover.width - wholes[one].cover.width).slice(0, MAX_CUTS);
  const lattices = doubtful.map((place) => cutEverywhere(wholes[place], maps));
  const classified = await classifyEach(lattices.map((lattice) => lattice.parts), classify);
  const pairs = await classifyEach(doubtful.map((place) => splitAtWall(wholes[place])), classify);
  const found = [...best];
  const beside = best.flat().filter(isCertainOther).length;
  doubtful.forEach((place, at) => {
    const path = bestPath(lattices[at], classified[at].map((part) => part.best)).map((part) => classified[at][part]);
    found[place] = [path, pairs[at]].find((parts) => areDigits(parts, beside)) ?? found[place];
  });
  return found;
}

/**
 * Whether a candidate is certainly a digit other than 1.
 * @param {Candidate} candidate
 */
function isCertainOther({ value, confidence }) {
  return value !== 1 && confidence >= MIN_PROBABILITY;
}

/**
 * Whether all parts are digits, and with so many digits `beside` them not only ones.
 * @param {Candidate[]} parts
 * @param {number} beside
 */
function areDigits(parts, beside) {
  const others = parts.filter((part) => part.value !== 1).length;
  return parts.length > 1 && others + beside >= MIN_OTHERS && leastProbable(parts) >= MIN_PROBABILITY;
}

/**
 * The candidates, two parts of a broken digit replaced by it where it is one.
 * @param {Candidate[]} candidates
 * @param {Classify} classify
 */
async function rejoin(candidates, classify) {
  const pairs = brokenPairs(candidates.map((candidate) => candidate.component));
  const wholes = pairs.map(([upper, lower]) => [joined(candidates[upper].component, candidates[lower].component)]);
  const classified = await classifyEach(wholes, classify);
  const byProbability = pairs.map((pair, place) => ({ pair, whole: classified[place][0] }))
    .sort((one, other) => other.whole.best - one.whole.best);
  let found = candidates;
  for (const { pair: [upper, lower], whole } of byProbability) {
    const parts = [candidates[upper], candidates[lower]];
    if (whole.best < MIN_JOINED_PROBABILITY || !parts.every((part) => found.includes(part))) continue;
    found = found.filter((one) => one !== parts[0]).map((one) => (one === parts[1] ? whole : one));
  }
  return found;
}

/**
 * The candidates of every hypothesis, with one call of the classifier.
 * @param {Component[][]} hypotheses
 * @param {Classify} classify
 */
async function classifyEach(hypotheses, classify) {
  const images = hypotheses.flat().map((component) => normalizeInk(component.cover));
  const answers = await classify(images);
  let place = 0;
  return hypotheses.map((components) => components.map((component) => (
    new Candidate(component, images[place], answers[place++])
  )));
}

/**
 * The hypothesis whose least probable digit is the most probable; of those nearly as good, the fewest digits.
 * @param {Candidate[][]} hypotheses
 */
function bestOf(hypotheses) {
  const least = Math.max(...hypotheses.map(leastProbable)) - MIN_GAIN;
  const good = hypotheses.filter((candidates) => leastProbable(candidates) >= least);
  return good.reduce((fewest, candidates) => (candidates.length < fewest.length ? candidates : fewest));
}

/** @param {Candidate[]} candidates */
function leastProbable(candidates) {
  return Math.min(...candidates.map((candidate) => candidate.best));
}

/**
 * The segmentation with up to `missing` more candidates, from the most probable splits of others than `kept`. The parts
 * are `forced`.
 * @param {Segmentation} segmentation
 * @param {number} missing
 * @param {Candidate[]} kept
 * @param {Classify} classify
 */
export async function splitToLength({ view, candidates, clusters, specks }, missing, kept, classify) {
  const finest = clusters.map((cluster) => cluster.reduce((most, digits) => (digits.length > most.length ? digits : most)));
  const wide = candidates.filter((candidate) => !kept.includes(candidate)).map((candidate) => candidate.component)
    .sort((one, other) => other.cover.width - one.cover.width).slice(0, MAX_CUTS);
  const counts = Array.from({ length: Math.max(0, Math.min(MAX_PARTS, missing + 1) - 1) }, (_, place) => place + 2);
  const lattices = wide.map((component) => cutEverywhere(component, view.maps));
  const parts = await classifyEach(lattices.map((lattice) => lattice.parts), classify);
  const cuts = lattices.flatMap((lattice, place) => counts.map((count) => (
    bestPath(lattice, parts[place].map((part) => part.best), count).map((part) => parts[place][part])
  )));
  const splits = await classifyEach(finest.filter((digits) => digits.length > 1), classify);
  splits.push(...cuts.filter((split) => split.length));
  const found = [...candidates];
  for (const split of splits.sort((one, other) => leastProbable(other) - leastProbable(one))) {
    const whole = found.filter((one) => split.some((part) => holds(one.component, part.component)));
    const isProbable = leastProbable(split) >= MIN_FORCED_PROBABILITY;
    const isFree = whole.length === 1 && !whole[0].forced && !kept.includes(whole[0]);
    if (!isProbable || !isFree || split.length - 1 > missing) continue;
    const parts = split.map((part) => new Candidate(part.component, part.networkInput, part.probabilities, true));
    found.splice(found.indexOf(whole[0]), 1, ...parts);
    missing -= split.length - 1;
  }
  return new Segmentation(view, found, clusters, specks);
}

/**
 * @param {Component} whole
 * @param {Component} part
 */
function holds(whole, part) {
  const [x, y] = [part.x + (part.cover.width >> 1), part.y + (part.cover.height >> 1)];
  return whole.x <= x && x < whole.x + whole.cover.width && whole.y <= y && y < whole.y + whole.cover.height;
}
