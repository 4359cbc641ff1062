// What came of a picture, in words that promise no more than is known.

const NUMBERS = ["No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"];

export function wordsFor(reading) {
  if (reading.outcome === "blank") return "Blank: no ink found";
  if (reading.outcome === "error") return reading.error;
  if (reading.outcome === "nothing_accepted") return "Not a digit";
  const accepted = reading.digits.filter((digit) => digit.outcome !== "not_a_digit");
  const refused = reading.digits.length - accepted.length;
  const also = refused ? ", and something else" : "";
  if (accepted.length === 1) return oneDigit(accepted[0]) + also;
  const unsure = accepted.filter((digit) => digit.outcome === "unsure").length;
  return `${count(accepted.length)} digits${unsure ? `, unsure of ${unsure === accepted.length ? "all" : count(unsure).toLowerCase()}` : ""}${also}`;
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

// Never "100 %" for what is not certain.
export function percent(share) {
  if (share > 0.999) return "over 99.9 %";
  if (share >= 0.1) return `${(100 * share).toFixed(share > 0.99 ? 1 : 0)} %`;
  return share < 0.005 ? "0 %" : `${(100 * share).toFixed(0)} %`;
}
