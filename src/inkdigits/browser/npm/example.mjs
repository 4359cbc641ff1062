// Draws a 7 and reads it: node example.mjs

import { Reader } from "inkdigits";

const [width, height] = [120, 160];
const data = new Uint8Array(4 * width * height).fill(255); // white paper, RGBA

function line(x0, y0, x1, y1) {
  for (let step = 0; step <= 200; step++) {
    const [x, y] = [x0 + ((x1 - x0) * step) / 200, y0 + ((y1 - y0) * step) / 200].map(Math.round);
    for (let down = -3; down <= 3; down++) {
      for (let right = -3; right <= 3; right++) data.fill(20, 4 * ((y + down) * width + x + right), 4 * ((y + down) * width + x + right) + 3);
    }
  }
}
line(35, 40, 85, 40);
line(85, 40, 55, 120);

const reading = await (await Reader.load()).read({ width, height, data });
console.log(reading.string, reading.digits.map(({ box, probability }) => ({ box, probability })));
