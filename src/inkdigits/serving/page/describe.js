// The outcome of a reading in words.

const NUMBERS = ["No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"];

export function describeReading(reading) {
  if (reading.outcome === "blank") return "Blank: no ink found";
  if (reading.outcome === "error") return reading.error;
  if (reading.outcome === "nothing_accepted") return "Not a digit";
  const accepted = reading.digits.filter((digit) => digit.outcome !== "not_a_digit");
  const refused = reading.digits.length - accepted.length;
  const suffix = refused ? ", and something else" : "";
  if (accepted.length === 1) return oneDigit(accepted[0]) + suffix;
  const unsure = accepted.filter((digit) => digit.outcome === "unsure").length;
  return `${count(accepted.length)} digits${unsure ? `, unsure of ${unsure === accepted.length ? "all" : count(unsure).toLowerCase()}` : ""}${suffix}`;
}

function oneDigit(digit) {
  if (digit.outcome === "unsure") return `Unsure: ${digit.value} or ${digit.second}`;
  return `This is a ${digit.value}, ${percent(digit.probability)} sure`;
}

function count(number) {
  return NUMBERS[number] ?? String(number);
}

export function labelFor(digit) {
  if (digit.outcome === "not_a_digit") return "Not a digit";
  if (digit.outcome === "unsure") return `Unsure: ${digit.value} or ${digit.second}`;
  return `${digit.value}, ${percent(digit.probability)}`;
}

// Never "100 %" for a probability below 1.
export function percent(probability) {
  if (probability > 0.999) return "over 99.9 %";
  if (probability >= 0.1) return `${(100 * probability).toFixed(probability > 0.99 ? 1 : 0)} %`;
  return probability < 0.005 ? "0 %" : `${(100 * probability).toFixed(0)} %`;
}
