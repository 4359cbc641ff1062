// Readings as a table, with the columns of `inkdigits read --csv`.

const COLUMNS = [
  "path", "page", "reading", "row", "digit", "value", "probability", "second", "second_probability",
  "outcome", "x", "y", "w", "h", "string", "error",
];

export function readingsTable(readings) {
  const rows = readings.flatMap((reading) => {
    const head = [reading.path, reading.page, reading.outcome];
    const tail = [reading.string.replaceAll("\n", "/"), reading.error ?? ""];
    if (!reading.digits.length) return [[...head, ...new Array(11).fill(""), ...tail]];
    return reading.digits.map((digit, number) => [...head, digit.row, number, ...cells(digit), ...tail]);
  });
  return [COLUMNS, ...rows].map((row) => `${row.map(quoted).join(",")}\n`).join("");
}

function cells({ value, probability, second, second_probability: other, outcome, box }) {
  return [value, probability.toFixed(4), second, other.toFixed(4), outcome, ...box];
}

function quoted(cell) {
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
