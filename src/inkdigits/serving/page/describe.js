// The outcome of a reading in words.

const NUMBERS = ["No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"];

export function describeReading(reading) {
  if (reading.outcome === "blank") return "Blank: no ink found";
  if (reading.outcome === "error") return reading.error;
  if (reading.outcome === "nothing_accepted") return "Not a digit";
  const accepted = reading.digits.filter((digit) => digit.outcome !== "not_a_digit");
  const refused = reading.digits.length - accepted.length;
  const suffix = refused ? ", and something else" : "";
  const cut = accepted.filter((digit) => isCutOff(digit, reading.size)).length;
  if (accepted.length === 1) return oneDigit(accepted[0]) + (cut ? ", cut off by the edge" : "") + suffix;
  const unsure = accepted.filter((digit) => digit.outcome === "unsure").length;
  const some = (number, what) => (number ? `, ${what} ${number === accepted.length ? "all" : count(number).toLowerCase()}` : "");
  return `${count(accepted.length)} digits${some(unsure, "unsure of")}${some(cut, "the edge cuts off")}${suffix}`;
}

// Whether the ink reaches the edge of the picture.
export function isCutOff({ box: [left, top, width, height] }, size) {
  return left <= 1 || top <= 1 || left + width >= size[0] - 1 || top + height >= size[1] - 1;
}

function oneDigit(digit) {
  if (digit.outcome === "unsure") return `Unsure: ${digit.value} or ${digit.second}`;
  return `This is a ${digit.value}, ${percent(digit.probability)} sure`;
}

function count(number) {
  return NUMBERS[number] ?? String(number);
}

export function labelFor(digit, size) {
  if (digit.outcome === "not_a_digit") return "Not a digit";
  const cut = isCutOff(digit, size) ? ", cut off by the edge" : "";
  if (digit.outcome === "unsure") return `Unsure: ${digit.value} or ${digit.second}${cut}`;
  return `${digit.value}, ${percent(digit.probability)}${cut}`;
}

// Never "100 %" for a probability below 1.
export function percent(probability) {
  if (probability > 0.999) return "over 99.9 %";
  if (probability >= 0.1) return `${(100 * probability).toFixed(probability > 0.99 ? 1 : 0)} %`;
  return probability < 0.005 ? "0 %" : `${(100 * probability).toFixed(0)} %`;
}
