// The page: has drawings and pictures read, by the server or on this device, and shows the readings.

import { ApiError, isReady, setToken } from "./api.js";
import { Bars } from "./bars.js";
import { countCorrections, correctionsTable, forgetCorrections } from "./collected.js";
import { readingsTable } from "./exports.js";
import { Latest } from "./latest.js";
import { Pad } from "./pad.js";
import { hidePicture, listenForPictures, showBoxes, showPicture } from "./picture.js";
import { drawNetworkInput } from "./maps.js";
import { labelFor, describeReading } from "./describe.js";
import { OFFERED, useReader } from "./place.js";

const PAUSE = 180; // milliseconds without a new stroke before the evidence is requested
const find = (id) => document.getElementById(id);
const state = { picture: null, cleared: null, pages: [], page: 0, reading: null, chosen: 0, models: [], place: null };
const bars = new Bars(find("bars"));
const pad = new Pad(find("pad"), onDrawn);
const reader = new Latest(read);
const comparer = new Latest(compare);
let pauseTimer;

function onDrawn() {
  if (!pad.isBlank) state.cleared = null;
  removePicture();
  refreshTools();
  if (pad.isBlank) showPages([]);
  else reader.ask();
}

function removePicture() {
  if (!state.picture) return;
  state.picture = null;
  hidePicture(find("picture"), find("nopreview"));
}

function onPicture(file) {
  pad.strokes = [];
  state.cleared = null;
  pad.show();
  state.picture = file;
  showPages([]);
  find("words").textContent = "Reading …";
  showPicture(find("picture"), find("nopreview"), file);
  refreshTools();
  reader.ask();
}

function refreshTools() {
  find("undo").disabled = Boolean(state.picture) || (!pad.canUndo && !state.cleared);
  find("clear").disabled = pad.isBlank && !state.picture;
  find("hint").hidden = !pad.isBlank || Boolean(state.picture);
}

function clear() {
  const picture = state.picture;
  removePicture();
  pad.clear();
  state.cleared = picture;
  refreshTools();
}

function undo() {
  if (state.picture) return;
  if (pad.isBlank && state.cleared) onPicture(state.cleared);
  else pad.undo();
}

// Wherever the focus is, but where text is entered.
function undoByKey(event) {
  const isUndo = event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey) && !event.shiftKey;
  if (!isUndo || event.target.type === "password") return;
  event.preventDefault();
  undo();
}

async function read() {
  if (!state.picture && pad.isBlank) return;
  const picture = state.picture;
  try {
    const file = picture ?? (await pad.toBlob());
    const pages = await state.place.readPicture(file);
    clearNotice();
    // The picture may have been cleared or replaced in the meantime.
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
  showExports(pages);
}

function showExports(pages) {
  find("exports").hidden = !pages.length;
  if (!pages.length) return;
  const named = pages.map((page) => ({ ...page, path: state.picture?.name ?? "" }));
  offer(find("csv"), "text/csv", readingsTable(named));
  offer(find("json"), "application/json", `${JSON.stringify(named, null, 2)}\n`);
}

// Make a link download a text.
function offer(link, type, text) {
  if (link.href) URL.revokeObjectURL(link.href);
  link.href = URL.createObjectURL(new Blob([text], { type }));
}

function show(reading) {
  // After another stroke the string may be the same: then what was said about copying and correcting it stays.
  if (reading?.string !== state.reading?.string) {
    find("copied").textContent = "Copy";
    resetCorrection();
  }
  state.reading = reading;
  find("words").textContent = reading ? describeReading(reading) : "Nothing drawn yet";
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

// The index of the digit to show: the first of a picture; of a drawing, the one nearest to the last point of the pen.
function first({ digits, size: [width, height] }) {
  const pen = state.picture ? null : pad.lastPoint;
  if (!pen || !digits.length) return digits.length ? 0 : -1;
  const [x, y] = [(pen.x * width) / pad.canvas.width, (pen.y * height) / pad.canvas.height];
  const distances = digits.map(({ box: [left, top, w, h] }) => (
    Math.hypot(Math.max(left - x, 0, x - left - w), Math.max(top - y, 0, y - top - h))
  ));
  return distances.indexOf(Math.min(...distances));
}

function showDigits(digits) {
  find("digits").replaceChildren(...digits.map((digit, place) => {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.className = digit.outcome;
    button.textContent = digit.outcome === "not_a_digit" ? "×" : digit.value;
    button.setAttribute("aria-label", labelFor(digit, state.reading.size));
    button.addEventListener("click", () => choose(place));
    item.append(button);
    return item;
  }));
}

function choose(place) {
  resetCorrection();
  select(place);
}

function resetCorrection() {
  find("kept").textContent = "";
}

function select(place) {
  state.chosen = place;
  const digit = state.reading?.digits[place];
  for (const list of [find("digits").querySelectorAll("button"), find("boxes").children]) {
    [...list].forEach((button, at) => button.setAttribute("aria-pressed", String(at === place)));
  }
  drawNetworkInput(find("network-input"), digit?.network_input);
  find("network-input").setAttribute("aria-label", `What the networks classify: ${digit ? labelFor(digit, state.reading.size) : "nothing yet"}`);
  find("correct").disabled = !digit;
  find("details").hidden = !digit;
  find("invitation").hidden = Boolean(state.reading);
  clearTimeout(pauseTimer);
  if (!digit) {
    bars.show(null, null);
    return;
  }
  comparer.ask({ digit, explain: false });
  pauseTimer = setTimeout(() => comparer.ask({ digit, explain: true }), PAUSE);
}

async function compare({ digit, explain }) {
  if (state.reading?.digits[state.chosen] !== digit) return;
  try {
    const { results } = await state.place.classify(digit.network_input, state.models, explain);
    if (state.reading?.digits[state.chosen] === digit) bars.show(results, digit.network_input);
  } catch (error) {
    await onError(error, () => comparer.ask({ digit, explain }));
  }
}

async function correct(label) {
  // What is kept is the whole drawing, though its last stroke may not have been read yet.
  await reader.done;
  const digit = state.reading?.digits[state.chosen];
  if (!digit) return;
  try {
    const { file } = await state.place.keepCorrection(digit.network_input, label);
    find("kept").textContent = `Kept as a ${label}${file ? "" : " on this device"}. Thank you.`;
    showCollected();
  } catch (error) {
    await onError(error, () => correct(label));
  }
}

// What is kept on this device, as a file for `inkdigits train --data`.
function showCollected() {
  const count = countCorrections();
  find("collected").hidden = !count;
  find("corrections").textContent = `Download ${count} correction${count === 1 ? "" : "s"}`;
  if (count) offer(find("corrections"), "text/csv", correctionsTable());
}

function forget() {
  forgetCorrections();
  resetCorrection();
  showCollected();
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

const clearNotice = () => notice("");

async function onError(error, again) {
  if (state.place?.name === "device") return notice(error.message);
  if (!(error instanceof ApiError)) return waitForServer(again);
  if (error.status === 401) return askForToken(again, error.tried);
  if (error.status === 503) {
    notice("The server is busy. Retrying …");
    setTimeout(again, 1000 * (error.retryAfter || 1));
    return;
  }
  if (error.status === 413) {
    showPages([{ outcome: "error", error: error.message, string: "", size: [0, 0], digits: [] }]);
    return;
  }
  notice(error.message);
}

async function waitForServer(again) {
  notice("The server cannot be reached. Retrying …");
  while (!(await isReady())) await new Promise((resolve) => setTimeout(resolve, 1000));
  clearNotice();
  again();
}

// What waits for the token: a right one brings all of it.
const waiting = new Set();

function askForToken(again, tried) {
  const dialog = find("ask");
  waiting.add(again);
  find("wrong").textContent = tried ? "The server does not accept that token." : "";
  find("askform").onsubmit = (event) => {
    event.preventDefault();
    const token = find("token").value.trim();
    if (!/^[!-~]+$/.test(token)) {
      find("wrong").textContent = "A token is plain letters, digits and signs, without spaces.";
      return;
    }
    setToken(token);
    find("token").value = "";
    dialog.close();
    const all = [...waiting];
    waiting.clear();
    for (const each of all) each();
  };
  if (!dialog.open) dialog.showModal();
}

async function start(name = OFFERED[0]) {
  try {
    state.place = await useReader(name);
    showPlace();
    const served = await state.place.listModels();
    state.models = served.models.map((model) => model.name);
    bars.build(state.models);
    find("correct").hidden = !served.corrections;
    clearNotice();
    if (state.picture || !pad.isBlank) reader.ask();
  } catch (error) {
    await onError(error, () => start(name));
  }
}

function showPlace() {
  const { name } = state.place;
  document.documentElement.dataset.place = name;
  find("server").hidden = name === "device" && OFFERED.length === 1;
  find("place").hidden = OFFERED.length < 2;
  for (const choice of document.querySelectorAll("#place input")) choice.checked = choice.value === name;
}

function buildLabelButtons() {
  find("labels").append(...Array.from({ length: 10 }, (_, label) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = label;
    button.addEventListener("click", () => correct(label));
    return button;
  }));
}

find("undo").addEventListener("click", undo);
document.addEventListener("keydown", undoByKey);
matchMedia("(forced-colors: active)").addEventListener("change", () => pad.show());
find("clear").addEventListener("click", clear);
find("copy").addEventListener("click", copy);
find("forget").addEventListener("click", forget);
find("place").addEventListener("change", (event) => start(event.target.value));
find("previous").addEventListener("click", () => showPages(state.pages, state.page - 1));
find("next").addEventListener("click", () => showPages(state.pages, state.page + 1));
find("thickness").addEventListener("input", (event) => (pad.thickness = Number(event.target.value)));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => pad.show());
listenForPictures(find("stage"), [find("choose"), find("camera")], onPicture);
buildLabelButtons();
drawNetworkInput(find("network-input"), null);
showCollected();
start();
