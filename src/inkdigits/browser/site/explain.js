// The prediction for one picture of 28 x 28, and the ink that it depends on (evaluation/occlusion.py).

const SIDE = 28;
const PATCH = 6;
const STRIDE = 2;
const LEAST = 1.1754943508222875e-38; // a single precision softmax rounds to zero

// As /v1/classify has it: the value, its probabilities, and by how much covering each pixel lowers its margin.
export async function explained(reader, image, explain) {
  const squares = explain ? inkedSquares(image) : [];
  const answers = await reader.classify([image, ...squares.map((square) => covered(image, square))]);
  const probabilities = [...answers[0]];
  const probability = Math.max(...probabilities);
  const value = probabilities.indexOf(probability);
  const prediction = { value, probability, probabilities };
  if (!explain) return prediction;
  const [whole, ...margins] = answers.map((answer) => marginOf(answer, value));
  const falls = new Float64Array(SIDE * SIDE);
  squares.forEach((square, number) => {
    for (const place of square) falls[place] += (whole - margins[number]) / (PATCH / STRIDE) ** 2;
  });
  const rows = Array.from({ length: SIDE }, (_, y) => [...falls.subarray(y * SIDE, (y + 1) * SIDE)]);
  return { ...prediction, evidence: rows };
}

// The places of the pixels of each square that has ink.
function inkedSquares(image) {
  const corners = Array.from({ length: (SIDE + PATCH - STRIDE) / STRIDE }, (_, place) => STRIDE - PATCH + STRIDE * place);
  const squares = corners.flatMap((top) => corners.map((left) => places(top, left)));
  return squares.filter((square) => square.some((place) => image[place]));
}

function places(top, left) {
  const rows = Array.from({ length: PATCH }, (_, step) => step);
  return rows.flatMap((down) => rows.map((right) => [top + down, left + right]))
    .filter(([y, x]) => y >= 0 && y < SIDE && x >= 0 && x < SIDE).map(([y, x]) => y * SIDE + x);
}

function covered(image, square) {
  const copy = Uint8Array.from(image);
  for (const place of square) copy[place] = 0;
  return copy;
}

function marginOf(probabilities, label) {
  const logs = [...probabilities].map((probability) => Math.log(Math.max(probability, LEAST)));
  return logs[label] - Math.max(...logs.filter((_, digit) => digit !== label));
}
