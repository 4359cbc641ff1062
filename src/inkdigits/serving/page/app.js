// The page: what is drawn or dropped goes to the server, what it read is shown.

import { ApiError, classify, isReady, keepCorrection, listModels, readPicture, setToken } from "./api.js";
import { Bars } from "./bars.js";
import { Latest } from "./latest.js";
import { Pad } from "./pad.js";
import { hidePicture, listenForPictures, showBoxes, showPicture } from "./picture.js";
import { drawSeen } from "./seen.js";
import { labelFor, wordsFor } from "./words.js";

const QUIET = 180; // milliseconds without a new stroke before the evidence is asked for
const find = (id) => document.getElementById(id);
const state = { picture: null, pages: [], page: 0, reading: null, chosen: 0, models: [] };
const bars = new Bars(find("bars"));
const pad = new Pad(find("pad"), onDrawn);
const reader = new Latest(read);
const comparer = new Latest(compare);
let quietTimer;

function onDrawn() {
  leavePicture();
  refreshTools();
  if (pad.isBlank) showPages([]);
  else reader.ask();
}

function leavePicture() {
  if (!state.picture) return;
  state.picture = null;
  hidePicture(find("picture"), find("nopreview"));
}

function onPicture(file) {
  pad.strokes = [];
  pad.show();
  state.picture = file;
  showPages([]);
  find("words").textContent = "Reading …";
  showPicture(find("picture"), find("nopreview"), file);
  refreshTools();
  reader.ask();
}

function refreshTools() {
  find("undo").disabled = pad.isBlank;
  find("clear").disabled = pad.isBlank && !state.picture;
  find("hint").hidden = !pad.isBlank || Boolean(state.picture);
}

function clear() {
  leavePicture();
  pad.clear();
}

async function read() {
  if (!state.picture && pad.isBlank) return;
  const picture = state.picture;
  try {
    const pages = await readPicture(picture ?? (await pad.toBlob()));
    quiet();
    // Meanwhile it may have been cleared, or replaced.
    if (picture === state.picture && (picture || !pad.isBlank)) showPages(pages);
  } catch (error) {
    await onError(error, () => reader.ask());
  }
}

function showPages(pages, page = 0) {
  Object.assign(state, { pages, page });
  find("pages").hidden = pages.length < 2;
  find("page").textContent = `Page ${page + 1} of ${pages.length}`;
  find("previous").disabled = page === 0;
  find("next").disabled = page === pages.length - 1;
  show(pages[page] ?? null);
}

function show(reading) {
  // The answer to a last stroke may be the same string, which was copied or corrected meanwhile.
  if (reading?.string !== state.reading?.string) {
    find("copied").textContent = "Copy";
    promiseToKeep();
  }
  state.reading = reading;
  find("words").textContent = reading ? wordsFor(reading) : "Nothing drawn yet";
  find("words").className = `words ${reading ? tone(reading) : ""}`;
  find("string").textContent = reading ? reading.string.replaceAll("\n", " / ") : "";
  find("string").classList.toggle("long", find("string").textContent.length > 11);
  find("copy").disabled = !reading || !reading.string;
  const overPicture = reading && (state.picture || reading.digits.length > 1) ? reading : null;
  find("boxes").classList.toggle("drawn", !state.picture);
  showBoxes(find("boxes"), overPicture, 4 / 3, choose);
  showDigits(reading?.digits ?? []);
  select(reading ? first(reading) : -1);
}

function tone(reading) {
  if (reading.outcome !== "read") return "no";
  return reading.digits.some((digit) => digit.outcome === "unsure") ? "unsure" : "yes";
}

// The place of the digit to show: of a drawing the one that is being drawn, where the pen was last; of a picture the first.
function first({ digits, size: [width, height] }) {
  const pen = state.picture ? null : pad.lastPoint;
  if (!pen || !digits.length) return digits.length ? 0 : -1;
  const [x, y] = [(pen.x * width) / pad.canvas.width, (pen.y * height) / pad.canvas.height];
  const away = digits.map(({ box: [left, top, w, h] }) => (
    Math.hypot(Math.max(left - x, 0, x - left - w), Math.max(top - y, 0, y - top - h))
  ));
  return away.indexOf(Math.min(...away));
}

function showDigits(digits) {
  find("digits").replaceChildren(...digits.map((digit, place) => {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.className = digit.outcome;
    button.textContent = digit.outcome === "not_a_digit" ? "×" : digit.value;
    button.setAttribute("aria-label", labelFor(digit));
    button.addEventListener("click", () => choose(place));
    item.append(button);
    return item;
  }));
}

function choose(place) {
  promiseToKeep();
  select(place);
}

function promiseToKeep() {
  find("kept").textContent = "Your correction is kept for the next training.";
}

function select(place) {
  state.chosen = place;
  const digit = state.reading?.digits[place];
  for (const list of [find("digits").querySelectorAll("button"), find("boxes").children]) {
    [...list].forEach((button, at) => button.setAttribute("aria-pressed", String(at === place)));
  }
  drawSeen(find("seen"), digit?.network_input);
  find("seen").setAttribute("aria-label", `What the networks saw: ${digit ? labelFor(digit) : "nothing yet"}`);
  find("correct").disabled = !digit;
  clearTimeout(quietTimer);
  if (!digit) {
    bars.show(null, null);
    return;
  }
  comparer.ask({ digit, explain: false });
  quietTimer = setTimeout(() => comparer.ask({ digit, explain: true }), QUIET);
}

async function compare({ digit, explain }) {
  if (state.reading?.digits[state.chosen] !== digit) return;
  try {
    const { results } = await classify(digit.network_input, state.models, explain);
    if (state.reading?.digits[state.chosen] === digit) bars.show(results, digit.network_input);
  } catch (error) {
    await onError(error, () => comparer.ask({ digit, explain }));
  }
}

async function correct(label) {
  const digit = state.reading?.digits[state.chosen];
  if (!digit) return;
  try {
    await keepCorrection(digit.network_input, label);
    find("kept").textContent = `Kept as a ${label}. Thank you.`;
  } catch (error) {
    await onError(error, () => correct(label));
  }
}

async function copy() {
  const text = state.reading.string;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    getSelection().selectAllChildren(find("string"));
    document.execCommand("copy");
  }
  find("copied").textContent = "Copied";
}

function notice(text) {
  find("notice").textContent = text;
  find("notice").hidden = !text;
}

const quiet = () => notice("");

async function onError(error, again) {
  if (!(error instanceof ApiError)) return waitForServer(again);
  if (error.status === 401) return askForToken(again);
  if (error.status === 503) {
    notice("The server is busy. Trying again …");
    setTimeout(again, 1000 * (error.retryAfter || 1));
    return;
  }
  if (error.status === 422 || error.status === 413) {
    showPages([{ outcome: "error", error: error.message, string: "", size: [0, 0], digits: [] }]);
    return;
  }
  notice(error.message);
}

async function waitForServer(again) {
  notice("The server cannot be reached. Trying again …");
  while (!(await isReady())) await new Promise((resolve) => setTimeout(resolve, 1000));
  quiet();
  again();
}

function askForToken(again) {
  const dialog = find("ask");
  find("askform").onsubmit = (event) => {
    event.preventDefault();
    setToken(find("token").value.trim());
    find("token").value = "";
    dialog.close();
    again();
  };
  if (!dialog.open) dialog.showModal();
}

async function start() {
  try {
    const about = await listModels();
    state.models = about.models.map((model) => model.name);
    bars.build(state.models);
    find("correct").hidden = !about.corrections;
    quiet();
    if (state.picture || !pad.isBlank) reader.ask();
  } catch (error) {
    await onError(error, start);
  }
}

function buildLabels() {
  find("labels").append(...Array.from({ length: 10 }, (_, label) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = label;
    button.addEventListener("click", () => correct(label));
    return button;
  }));
}

find("undo").addEventListener("click", () => pad.undo());
find("clear").addEventListener("click", clear);
find("copy").addEventListener("click", copy);
find("previous").addEventListener("click", () => showPages(state.pages, state.page - 1));
find("next").addEventListener("click", () => showPages(state.pages, state.page + 1));
find("thickness").addEventListener("input", (event) => (pad.thickness = Number(event.target.value)));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => pad.show());
listenForPictures(find("stage"), [find("choose"), find("camera")], onPicture);
buildLabels();
drawSeen(find("seen"), null);
start();
