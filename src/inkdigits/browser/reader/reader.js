// Reader: reads the digits in a picture (reading/reader.py).

import { bestSegmentation, bestDocument } from "./bestView.js";
import { decide } from "./decide.js";
import { decoded } from "./decode.js";
import { loadNetworks } from "./finder.js";
import { certainlyTurned, inPicture, mayBeTurned, QUARTER_TURNS } from "./orientation.js";
import { onPaper } from "./paper.js";
import parameters from "./parameters.js";
import { crop } from "./pixels.js";
import { segmentPlain } from "./plain.js";
import { Pyramid } from "./pyramid.js";
import { readingOrder } from "./rows.js";
import { splitToLength } from "./segmentation.js";
import { findSeparators } from "./separators.js";
import { findSigns } from "./signs.js";
import { toPicture } from "./views.js";

/** @typedef {import("./pixels.js").Box} Box */
/** @typedef {import("./pixels.js").Pixels} Pixels */
/** @typedef {import("./segmentation.js").Segmentation} Segmentation */
/** @typedef {import("./decide.js").DigitOutcome} DigitOutcome */

/**
 * @typedef {object} Picture What an `ImageData` is: 8-bit RGBA, upright, not premultiplied.
 * @property {number} width
 * @property {number} height
 * @property {Uint8Array | Uint8ClampedArray} data
 */

/**
 * @typedef {object} Digit Ink that may be one digit.
 * @property {number} value the most probable digit
 * @property {number} probability in [0, 1]
 * @property {number} second the second most probable digit
 * @property {number} second_probability
 * @property {DigitOutcome} outcome `unsure`: accepted, but `second` is likely too; `not_a_digit`: refused
 * @property {Box} box in pixels of the picture
 * @property {number} row from 0
 * @property {number[]} probabilities of 0 to 9
 * @property {number[][]} network_input what the classifier was given, 28 rows of 28, white ink on black
 */

/** @typedef {{ character: string, box: Box, row: number }} Separator A point, comma, colon, minus sign or slash. */

/**
 * @typedef {object} Reading What was read in one picture, as `inkdigits read --json` has it.
 * @property {"read" | "blank" | "nothing_accepted"} outcome
 * @property {string} string the accepted digits in reading order, rows separated by line breaks
 * @property {[width: number, height: number]} size
 * @property {import("./orientation.js").Rotation} rotation by how many degrees the writing is turned clockwise
 * @property {string[]} notes what a person should know besides, such as "8 of 10 digits were found"
 * @property {Digit[]} digits
 * @property {Separator[]} separators
 */

/**
 * @typedef {object} ReadOptions
 * @property {Box} [region] the part to read
 * @property {number} [length] the number of digits, where it is known
 */

/** @typedef {import("./orientation.js").Orientation} Orientation */

const { MAX_TURNED_SIDE } = parameters.reader;

export class DigitReader {
  /** @param {import("./finder.js").Networks} networks */
  constructor(networks) {
    this.networks = networks;
  }

  /**
   * A reader that computes with a given ONNX Runtime Web.
   * @param {typeof import("onnxruntime-web")} ort
   * @param {{ finder: Uint8Array, classifier: Uint8Array }} files the bytes of finder.onnx and reader.onnx
   */
  static async create(ort, files) {
    return new DigitReader(await loadNetworks(ort, files));
  }

  /**
   * @param {Picture | Blob} picture pixels; in browsers also a file
   * @param {ReadOptions} [options]
   * @returns {Promise<Reading>}
   */
  async read(picture, { region, length } = {}) {
    const whole = onPaper(picture instanceof Blob ? await decoded(picture) : picture);
    const { classify } = this.networks;
    const shown = region ? crop(whole, checkedRegion(region, whole)) : whole;
    const [left, top] = region ?? [0, 0];
    /** @type {Orientation} */
    let part = { left, top, width: shown.width, height: shown.height, rotation: 0 };
    let best = await segmentPlain(shown, classify);
    if (!best) [best, part] = await segmentUpright(Pyramid.of(shown), part, this.networks);
    let outcomes = decide(best);
    if (length !== undefined) {
      const missing = checkedLength(length) - outcomes.filter((outcome) => outcome !== "not_a_digit").length;
      const sure = best.candidates.filter((_, place) => outcomes[place] === "digit");
      if (missing > 0) best = await splitToLength(best, missing, sure, classify);
      outcomes = decide(best, length);
    }
    const reading = readingOf(best, outcomes, [whole.width, whole.height], part);
    return { ...reading, notes: notesOf(reading, length) };
  }

  /**
   * The ten probabilities of each picture of 28 x 28, white ink on black, its 784 levels row by row.
   * @param {Uint8Array[]} images
   */
  classify(images) {
    const { SIZE } = parameters.normalize;
    return this.networks.classify(images.map((data) => ({ width: SIZE, height: SIZE, channels: 1, data })));
  }
}

/**
 * @param {Box} region
 * @param {Pixels} picture
 */
function checkedRegion(region, { width, height }) {
  const [x, y, w, h] = region;
  const inside = w > 0 && h > 0 && x >= 0 && y >= 0 && x + w <= width && y + h <= height;
  if (region.every(Number.isInteger) && inside) return region;
  throw new RangeError(`region ${region}: expected x, y, width, height inside the picture of ${width} x ${height}`);
}

/** @param {number} length */
function checkedLength(length) {
  if (Number.isInteger(length) && length >= 1) return length;
  throw new RangeError(`length ${length}: expected the number of digits, a whole number from 1`);
}

/**
 * The best segmentation of a picture, of a sheet in it, or of it turned where its writing certainly is, and how it lies.
 * @param {Pyramid} picture
 * @param {Orientation} part
 * @param {import("./finder.js").Networks} networks
 * @returns {Promise<[Segmentation, Orientation]>}
 */
async function segmentUpright(picture, part, networks) {
  let asItIs = await bestSegmentation(picture, networks);
  const onDocument = await bestDocument(picture, asItIs, networks);
  if (onDocument) {
    const { left, top, pixels } = onDocument.document;
    [picture, asItIs] = [Pyramid.of(pixels), onDocument.found];
    part = { ...part, left: part.left + left, top: part.top + top, width: pixels.width, height: pixels.height };
  }
  if (!mayBeTurned(asItIs, picture)) return [asItIs, part];
  const turned = [];
  for (const rotation of QUARTER_TURNS) {
    turned.push(await bestSegmentation(picture.turned(rotation), networks, MAX_TURNED_SIDE));
  }
  const place = certainlyTurned(asItIs, turned);
  return place < 0 ? [asItIs, part] : [turned[place], { ...part, rotation: QUARTER_TURNS[place] }];
}

/**
 * @param {Segmentation} segmentation
 * @param {DigitOutcome[]} outcomes
 * @param {[number, number]} size
 * @param {Orientation} part
 * @returns {Omit<Reading, "notes">}
 */
function readingOf({ view, candidates, specks }, outcomes, size, part) {
  // Rows and separators are found in the upright part, and boxes given in the picture.
  const boxes = candidates.map((candidate) => toPicture(view, candidate.component.inkBox));
  const isAccepted = outcomes.map((outcome) => outcome !== "not_a_digit");
  const digits = readingOrder(boxes, isAccepted).flatMap((places, row) => places.map((place) => (
    digitOf(candidates[place], boxes[place], row, outcomes[place])
  )));
  const signs = findSigns(candidates, isAccepted);
  const isMark = (/** @type {unknown} */ _, /** @type {number} */ place) => (
    outcomes[place] === "not_a_digit" && [null, ",", "/"].includes(signs[place])
  );
  const refused = candidates.filter(isMark).map((one) => one.component);
  const separators = findSeparators(digits, [...refused, ...specks].map((one) => toPicture(view, one.inkBox)));
  const accepted = digits.filter((digit) => digit.outcome !== "not_a_digit");
  const rows = [...new Set(accepted.map((digit) => digit.row))];
  return {
    outcome: rows.length ? "read" : digits.length ? "nothing_accepted" : "blank",
    string: rows.map((row) => accepted.filter((digit) => digit.row === row).map((digit) => digit.value).join("")).join("\n"),
    size,
    rotation: part.rotation,
    digits: digits.map((digit) => ({ ...digit, box: inPicture(part, digit.box) })),
    separators: separators.map((separator) => ({ ...separator, box: inPicture(part, separator.box) })),
  };
}

/**
 * @param {Pick<Reading, "rotation" | "digits">} reading
 * @param {number | undefined} length
 */
function notesOf({ rotation, digits }, length) {
  const found = digits.filter((digit) => digit.outcome !== "not_a_digit").length;
  const notes = [];
  if (length !== undefined && found !== length) {
    notes.push(`${found} of ${length} ${length === 1 ? "digit was" : "digits were"} found`);
  }
  if (rotation) notes.push(`the writing is turned by ${rotation} degrees`);
  return notes;
}

/**
 * @param {import("./segmentation.js").Candidate} candidate
 * @param {Box} box
 * @param {number} row
 * @param {DigitOutcome} outcome
 * @returns {Digit}
 */
function digitOf({ probabilities: answer, networkInput: { width, height, data } }, box, row, outcome) {
  const probabilities = [...answer];
  const [value, second] = probabilities.map((_, digit) => digit).sort((one, other) => probabilities[other] - probabilities[one]);
  return {
    value,
    probability: probabilities[value],
    second,
    second_probability: probabilities[second],
    outcome,
    box,
    row,
    probabilities,
    network_input: Array.from({ length: height }, (_, y) => [...data.subarray(y * width, (y + 1) * width)]),
  };
}
