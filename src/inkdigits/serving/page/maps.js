// Pictures of 28 x 28: the input of the networks, and the evidence in it for a prediction.

export function drawNetworkInput(canvas, rows) {
  paint(canvas, (row, column) => {
    const level = rows ? rows[row][column] : 0;
    return [level, level, level];
  });
}

const SUPPORTS = [255, 140, 40];
const CONTRADICTS = [80, 150, 255];

// Ink is grey; the more it supports the prediction, the more orange; the more it contradicts it, the more blue.
export function drawEvidence(canvas, rows, evidence) {
  const strongest = evidence ? Math.max(1e-6, ...evidence.flat().map(Math.abs)) : 1;
  paint(canvas, (row, column) => {
    const level = rows ? rows[row][column] : 0;
    const weight = evidence ? evidence[row][column] / strongest : 0;
    const colour = weight > 0 ? SUPPORTS : CONTRADICTS;
    const mix = Math.min(1, Math.abs(weight) * 1.2);
    const base = level * 0.55;
    return colour.map((part) => base * (1 - mix) + part * mix * (0.35 + (0.65 * level) / 255));
  });
}

function paint(canvas, colourOf) {
  const context = canvas.getContext("2d");
  const image = context.createImageData(28, 28);
  for (let place = 0; place < 784; place++) {
    const [red, green, blue] = colourOf(Math.floor(place / 28), place % 28);
    image.data.set([red, green, blue, 255], 4 * place);
  }
  context.putImageData(image, 0, 0);
}
