// The view of a picture that shows its digits best, and the sheet of paper in it that does (reading/best_view.py).

import { decide } from "./decide.js";
import parameters from "./parameters.js";
import { segment } from "./segmentation.js";
import { findDocuments, holds } from "./documents.js";
import { Pyramid, viewSides } from "./pyramid.js";
import { findSigns } from "./signs.js";
import { mayBeSeveral } from "./touching.js";
import { show, toPicture } from "./views.js";

/** @typedef {import("./segmentation.js").Segmentation} Segmentation */
/** @typedef {import("./finder.js").Networks} Networks */

const {
  GOOD_HEIGHT,
  CERTAIN,
  MIN_SEVERAL_ASPECT,
  MIN_CLEAR_QUALITY,
  MAX_ENLARGEMENT,
  MIN_DISPUTED_PROBABILITY,
  MAX_DISPUTED_FRACTION,
  MIN_DOCUMENT_QUALITY,
} = parameters.best_view;
const { MIN_SIDE } = parameters.pyramid;

/**
 * The best segmentation of a picture among its views, from small to large, of at most `maxSide` pixels.
 * @param {Pyramid} picture
 * @param {Networks} networks
 * @param {number} [maxSide]
 */
export async function bestSegmentation(picture, { find, classify }, maxSide = Infinity) {
  const [first, ...larger] = viewSides(picture).filter((side) => side <= maxSide);
  let best = await segment(await show(picture, first, find), classify);
  let large = first >= MIN_SIDE && isLarge(best) ? best : null;
  const ownSide = Math.max(picture.width, picture.height);
  for (const [number, side] of larger.entries()) {
    const isGood = number > 1 && best.height >= GOOD_HEIGHT && decide(best).includes("digit");
    const isTooLarge = large && side > MAX_ENLARGEMENT * ownSide && !isDisputed(large);
    if (isCertain(best) || isGood || isTooLarge) break;
    const found = await segment(await show(picture, side, find), classify);
    if (found.quality > best.quality && (!large || confirms(found, large, side > ownSide))) best = found;
    if (!large && side >= MIN_SIDE && isLarge(found)) large = found;
  }
  return best;
}

/**
 * The sheet in a picture that reads better than the whole picture does; null without one.
 *
 * A sheet beside which digits are accepted is none: it is a part of a page, in light or in shadow. Ones do not count there,
 * since strokes in wood and cloth look like them.
 * @param {Pyramid} picture
 * @param {Segmentation} asItIs
 * @param {Networks} networks
 * @returns {Promise<{ document: import("./documents.js").FoundDocument, found: Segmentation } | null>}
 */
export async function bestDocument(picture, asItIs, networks) {
  if (isCertain(asItIs)) return null;
  const outcomes = decide(asItIs);
  const accepted = asItIs.candidates
    .filter((candidate, place) => outcomes[place] !== "not_a_digit" && candidate.value !== 1)
    .map((candidate) => toPicture(asItIs.view, candidate.component.inkBox));
  let best = null;
  let quality = Math.max(asItIs.quality, MIN_DOCUMENT_QUALITY);
  for (const document of findDocuments(picture)) {
    if (!accepted.every((box) => holds(document, box))) continue;
    const found = await bestSegmentation(Pyramid.of(document.pixels), networks);
    if (found.quality > quality) [best, quality] = [{ document, found }, found.quality];
  }
  return best;
}

/**
 * Whether all that a view shows is large enough to be seen well, and none of it may be digits that run together.
 * @param {Segmentation} found
 */
function isLarge({ candidates }) {
  return candidates.length > 0 && candidates.every((candidate) => clearHeight(candidate) >= GOOD_HEIGHT);
}

/** @param {import("./segmentation.js").Candidate} candidate */
function clearHeight({ best, component }) {
  return best < CERTAIN && mayBeSeveral(component, MIN_SEVERAL_ASPECT) ? 0 : component.inkBox[3];
}

/**
 * Whether the classifier is certain of ink that the finder hardly takes for a digit's.
 * @param {Segmentation} found
 */
function isDisputed({ candidates }) {
  return candidates.some(
    ({ best, component }) => best >= MIN_DISPUTED_PROBABILITY && component.digitFraction < MAX_DISPUTED_FRACTION,
  );
}

/**
 * Whether a view counts beside a smaller one that is large enough: it says the same, or it is clear.
 *
 * One in which the picture is enlarged shows nothing that the smaller one does not, and has to say the same. What a sign
 * is taken for may differ.
 * @param {Segmentation} found
 * @param {Segmentation} smaller
 * @param {boolean} isEnlarged
 */
function confirms(found, smaller, isEnlarged) {
  const isClear = found.quality >= MIN_CLEAR_QUALITY && !isEnlarged;
  return isClear || String(valuesOf(found)) === String(valuesOf(smaller));
}

/**
 * The values of the candidates that are no signs, from left to right.
 * @param {Segmentation} found
 */
function valuesOf({ candidates }) {
  const signs = findSigns(candidates, candidates.map(() => true));
  const others = candidates.filter((_, place) => !signs[place]);
  others.sort((one, other) => one.component.inkBox[0] - other.component.inkBox[0]);
  return others.map((candidate) => candidate.value);
}

/** @param {Segmentation} found */
function isCertain(found) {
  const confidences = found.candidates.map((candidate) => candidate.confidence);
  return confidences.length > 0 && found.height >= GOOD_HEIGHT && Math.min(...confidences) >= CERTAIN;
}
