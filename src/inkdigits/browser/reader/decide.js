// The outcome of every candidate: a digit, an unsure digit, or not a digit (reading/decide.py).

import { areInOneRow } from "./neighbours.js";
import parameters from "./parameters.js";
import { median } from "./pixels.js";
import { qualityOf } from "./segmentation.js";
import { findSigns } from "./signs.js";
import { leaningStrokes } from "./slashes.js";
import { inWordsOfLetters } from "./words.js";

/** @typedef {import("./segmentation.js").Candidate} Candidate */
/** @typedef {import("./segmentation.js").Segmentation} Segmentation */
/** @typedef {"digit" | "unsure" | "not_a_digit"} DigitOutcome */

const {
  CONFIDENT_THRESHOLD, CERTAIN, MIN_CONFIDENCE, MIN_CONFIDENCE_IN_CLUTTER, MAX_UNEQUAL, MIN_WRITING_FRACTION,
  MIN_ONE_HEIGHT, MIN_CLEAR, CLEAR, DEFAULT_THRESHOLD,
} = parameters.decide;
const { ACCEPTANCE_THRESHOLD } = parameters.model;

/**
 * The outcome of every candidate, by the classifier's probability and by what the finder takes its ink for.
 *
 * With `length`, signs and letters are refused only if enough digits are left; if more candidates are accepted, those
 * that are most likely no digits are refused; if fewer are, the most probable of the others are accepted as unsure.
 * @param {Segmentation} segmentation
 * @param {number | null} length
 * @returns {DigitOutcome[]}
 */
export function decide(segmentation, length = null) {
  const { candidates } = segmentation;
  const needed = looksLikeDigits(segmentation) ? MIN_CONFIDENCE : MIN_CONFIDENCE_IN_CLUTTER;
  const outcomes = candidates.map((candidate) => outcomeOf(candidate, needed));
  const digits = withoutSignsAndLetters(candidates, outcomes);
  if (length === null) return digits;
  return limitedTo(candidates, countOf(digits) >= length ? digits : outcomes, length);
}

/**
 * Whether the candidates that are no signs look like digits on the whole; that of a plain picture does.
 *
 * Two that certainly are digits and no mere strokes make up for fewer that are none, as separators are.
 * @param {Segmentation} segmentation
 */
function looksLikeDigits({ candidates, quality, plain }) {
  const isClear = (/** @type {Candidate} */ one) => one.value !== 1 && one.best >= CERTAIN && one.confidence >= CLEAR;
  const clear = candidates.filter(isClear).length;
  const isNone = (/** @type {Candidate} */ one) => one.best < DEFAULT_THRESHOLD;
  const areClear = clear >= MIN_CLEAR && clear > candidates.filter(isNone).length;
  if (plain || quality > 0 || areClear) return true;
  const signs = findSigns(candidates, candidates.map(({ confidence }) => confidence >= MIN_CONFIDENCE));
  return qualityOf(candidates.filter((_, place) => !signs[place])) > 0;
}

/** @param {DigitOutcome[]} outcomes */
function countOf(outcomes) {
  return outcomes.filter((outcome) => outcome !== "not_a_digit").length;
}

/**
 * @param {Candidate} candidate
 * @param {number} minConfidence
 * @returns {DigitOutcome}
 */
function outcomeOf({ best, confidence, forced }, minConfidence) {
  if (confidence < minConfidence || best < ACCEPTANCE_THRESHOLD) return "not_a_digit";
  return best >= CONFIDENT_THRESHOLD && !forced ? "digit" : "unsure";
}

/**
 * The outcomes, with what is no digit beside others refused.
 *
 * A % and brackets are no letters of a word; an i is one, which stands for what the classifier takes it for there.
 * @param {Candidate[]} candidates
 * @param {DigitOutcome[]} outcomes
 * @returns {DigitOutcome[]}
 */
function withoutSignsAndLetters(candidates, outcomes) {
  const signs = findSigns(candidates, outcomes.map((outcome) => outcome !== "not_a_digit"));
  const isKept = (/** @type {unknown} */ _, /** @type {number} */ place) => !signs[place] || signs[place] === "point";
  const kept = candidates.filter(isKept);
  const decided = withoutLetters(kept, withoutMereStrokes(kept, outcomes.filter(isKept)));
  return candidates.map((candidate, place) => (signs[place] ? "not_a_digit" : decided[kept.indexOf(candidate)]));
}

/**
 * The outcomes, with ones refused that are strokes of a letter or a drawing: any stroke looks like a 1.
 * @param {Candidate[]} candidates
 * @param {DigitOutcome[]} outcomes
 * @returns {DigitOutcome[]}
 */
function withoutMereStrokes(candidates, outcomes) {
  const accepted = candidates.filter((_, place) => outcomes[place] !== "not_a_digit");
  const refused = candidates.filter((_, place) => outcomes[place] === "not_a_digit");
  const heights = accepted.map((one) => one.component.inkBox[3]);
  const onlyOnes = accepted.length > 1 && accepted.every((one) => one.value === 1);
  const unequal = onlyOnes && Math.max(...heights) > MAX_UNEQUAL * Math.min(...heights);
  return candidates.map((one, place) => {
    const isAcceptedOne = outcomes[place] !== "not_a_digit" && one.value === 1;
    const isInOther = () => refused.some((whole) => isPart(one.component, whole.component));
    const isMere = isAcceptedOne && (unequal || isLow(one, accepted) || isInOther());
    return isMere ? "not_a_digit" : outcomes[place];
  });
}

/**
 * Whether a one is much lower than the other digits of its row.
 * @param {Candidate} one
 * @param {Candidate[]} accepted
 */
function isLow(one, accepted) {
  const box = one.component.inkBox;
  const boxes = accepted.filter((other) => other.value !== 1).map((other) => other.component.inkBox);
  const heights = boxes.filter((other) => areInOneRow(box, other)).map((other) => other[3]);
  return heights.length > 0 && box[3] < MIN_ONE_HEIGHT * median(heights);
}

/**
 * The outcomes, with digits refused that stand in a word of letters.
 * @param {Candidate[]} candidates
 * @param {DigitOutcome[]} outcomes
 * @returns {DigitOutcome[]}
 */
function withoutLetters(candidates, outcomes) {
  const accepted = outcomes.map((outcome) => outcome !== "not_a_digit");
  const letters = inWordsOfLetters(candidates.map((one) => one.component.inkBox), accepted);
  return outcomes.map((outcome, place) => (letters[place] ? "not_a_digit" : outcome));
}

/**
 * @param {import("./component.js").Component} stroke
 * @param {import("./component.js").Component} whole
 */
function isPart(stroke, whole) {
  const [x, y, w, h] = stroke.inkBox;
  const [left, top, width, height] = whole.inkBox;
  const overlap = x < left + width && left < x + w && y < top + height && top < y + h;
  return overlap && whole.digitFraction >= MIN_WRITING_FRACTION && whole.area > stroke.area;
}

/**
 * @param {Candidate[]} candidates
 * @param {DigitOutcome[]} outcomes
 * @param {number} length
 * @returns {DigitOutcome[]}
 */
function limitedTo(candidates, outcomes, length) {
  const others = candidates.map((_, place) => place).filter((place) => outcomes[place] === "not_a_digit");
  others.sort((one, other) => candidates[other].confidence - candidates[one].confidence);
  const kept = new Set([...mostDigitLikeFirst(candidates, outcomes), ...others].slice(0, length));
  return outcomes.map((outcome, place) => {
    if (!kept.has(place)) return "not_a_digit";
    return outcome === "not_a_digit" ? "unsure" : outcome;
  });
}

/**
 * The places of the accepted: those that the classifier is certain of, of them last what may be slashes.
 * @param {Candidate[]} candidates
 * @param {DigitOutcome[]} outcomes
 * @returns {number[]}
 */
function mostDigitLikeFirst(candidates, outcomes) {
  const accepted = outcomes.map((outcome) => outcome !== "not_a_digit");
  const leaning = leaningStrokes(candidates, accepted);
  const rank = (/** @type {number} */ place) => {
    const isCertain = candidates[place].best >= CERTAIN;
    const slant = isCertain ? (leaning.get(place)?.stroke.slant ?? 0) : 0;
    return [Number(!isCertain), slant, -candidates[place].best];
  };
  const places = candidates.map((_, place) => place).filter((place) => accepted[place]);
  return places.sort((one, other) => {
    const [first, second] = [rank(one), rank(other)];
    const at = first.findIndex((value, index) => value !== second[index]);
    return at < 0 ? 0 : first[at] - second[at];
  });
}
