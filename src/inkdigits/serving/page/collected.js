// Corrections that are kept on this device until they are downloaded, as a table for `inkdigits train --data`.

const KEY = "inkdigits-corrections";
const PIXELS = 784;

function read() {
  return new Map(JSON.parse(localStorage.getItem(KEY) ?? "[]"));
}

// The same picture is kept once, under its last label.
export function collectCorrection(image, label) {
  const kept = read();
  kept.set(image.flat().join(","), label);
  localStorage.setItem(KEY, JSON.stringify([...kept]));
}

export function countCorrections() {
  return read().size;
}

export function forgetCorrections() {
  localStorage.removeItem(KEY);
}

// A label and 784 grey levels a row.
export function correctionsTable() {
  const header = ["label", ...Array.from({ length: PIXELS }, (_, place) => `pixel${place}`)].join(",");
  return [header, ...[...read()].map(([pixels, label]) => `${label},${pixels}`), ""].join("\n");
}
