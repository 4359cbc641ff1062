// Pictures of 28 x 28: what the networks saw, and the ink that an answer rests on.

export function drawSeen(canvas, rows) {
  paint(canvas, (row, column) => {
    const level = rows ? rows[row][column] : 0;
    return [level, level, level];
  });
}

const FOR = [255, 140, 40];
const AGAINST = [80, 150, 255];

// Grey is ink; the more it speaks for the answer, the more orange, against it, the more blue.
export function drawEvidence(canvas, rows, evidence) {
  const strongest = evidence ? Math.max(1e-6, ...evidence.flat().map(Math.abs)) : 1;
  paint(canvas, (row, column) => {
    const level = rows ? rows[row][column] : 0;
    const weight = evidence ? evidence[row][column] / strongest : 0;
    const colour = weight > 0 ? FOR : AGAINST;
    const share = Math.min(1, Math.abs(weight) * 1.2);
    const base = level * 0.55;
    return colour.map((part) => base * (1 - share) + part * share * (0.35 + (0.65 * level) / 255));
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
