// Segmentation of a view into candidates that the classifier has classified (reading/segmentation.py).

import { brokenPairs, joined } from "./broken.js";
import { findClusters } from "./clusters.js";
import { typicalHeight } from "./component.js";
import { normalizeInk } from "./normalize.js";
import parameters from "./parameters.js";
import { splitAtWall, splitTouching } from "./touching.js";

/** @typedef {import("./component.js").Component} Component */
/** @typedef {import("./pixels.js").Pixels} Pixels */
/** @typedef {import("./finder.js").Networks["classify"]} Classify */
/** @typedef {import("./views.js").View} View */

const { LIKELY, MIN_GAIN, MIN_DIGIT_FRACTION, MIN_PAIR_ASPECT, MIN_PART_PROBABILITY, MIN_PART_HEIGHT } = parameters.segmentation;
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
   */
  constructor(view, candidates, clusters = [], specks = []) {
    this.view = view;
    this.candidates = candidates;
    this.clusters = clusters;
    this.specks = specks;
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
  const candidates = await rejoin(await cut(best.flat(), classify), classify);
  return new Segmentation(view, candidates, clusters, specks);
}

/**
 * The candidates, those that are no digit replaced by two touching digits where they are some.
 * @param {Candidate[]} candidates
 * @param {Classify} classify
 */
async function cut(candidates, classify) {
  const pairs = candidates.map(pairOf);
  const classified = await classifyEach(pairs.filter((pair) => pair.length), classify);
  return candidates.flatMap((candidate, place) => {
    const parts = pairs[place].length ? /** @type {Candidate[]} */ (classified.shift()) : [];
    return parts.length && leastProbable(parts) >= MIN_PART_PROBABILITY ? parts : [candidate];
  });
}

/**
 * The candidate's component as two digits that share a wall; none where it cannot be two.
 * @param {Candidate} candidate
 */
function pairOf({ component, best }) {
  const [, , width, height] = component.inkBox;
  const mayBeTwo = component.digitFraction >= MIN_DIGIT_FRACTION && width >= MIN_PAIR_ASPECT * height;
  if (best >= MIN_PART_PROBABILITY || !mayBeTwo) return [];
  const pair = splitAtWall(component);
  return pair.every((part) => part.inkBox[3] >= MIN_PART_HEIGHT * height) ? pair : [];
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
    if (whole.best < MIN_PART_PROBABILITY || !parts.every((part) => found.includes(part))) continue;
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
  const cuts = wide.flatMap((component) => counts.map((count) => splitTouching(component, count)));
  const hypotheses = [...finest.filter((digits) => digits.length > 1), ...cuts.filter((parts) => parts.length)];
  const splits = await classifyEach(hypotheses, classify);
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
