// Pictures that are dropped, pasted, chosen or photographed, and the boxes around their digits.

import { labelFor } from "./describe.js";

export function listenForPictures(stage, inputs, onPicture) {
  for (const input of inputs) {
    input.addEventListener("change", () => {
      if (input.files.length) onPicture(input.files[0]);
      input.value = "";
    });
  }
  addEventListener("dragover", (event) => {
    event.preventDefault();
    stage.classList.add("over");
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) stage.classList.remove("over");
  });
  addEventListener("drop", (event) => {
    event.preventDefault();
    stage.classList.remove("over");
    if (event.dataTransfer.files.length) onPicture(event.dataTransfer.files[0]);
  });
  addEventListener("paste", (event) => {
    const file = [...event.clipboardData.files].find((each) => each.type.startsWith("image/"));
    if (file) onPicture(file);
  });
}

export function showPicture(image, nopreview, blob) {
  if (image.src) URL.revokeObjectURL(image.src);
  image.hidden = false;
  nopreview.hidden = true;
  image.onerror = () => {
    image.hidden = true;
    nopreview.hidden = false;
  };
  image.src = URL.createObjectURL(blob);
}

export function hidePicture(image, nopreview) {
  if (image.src) URL.revokeObjectURL(image.src);
  image.removeAttribute("src");
  image.hidden = nopreview.hidden = true;
}

// Boxes are in pixels of the upright picture; their elements are placed in percent of the stage, and scale with it.
export function showBoxes(layer, reading, stageRatio, onSelect) {
  layer.replaceChildren();
  if (!reading || !reading.size[0]) return;
  const [width, height] = reading.size;
  const scale = Math.min(stageRatio / width, 1 / height);
  const left = (stageRatio - width * scale) / 2;
  const top = (1 - height * scale) / 2;
  reading.digits.forEach((digit, place) => {
    const [x, y, w, h] = digit.box;
    const box = document.createElement("button");
    box.type = "button";
    box.className = `box ${digit.outcome}`;
    box.setAttribute("aria-label", labelFor(digit, reading.size));
    box.dataset.value = digit.outcome === "not_a_digit" ? "×" : digit.value;
    const fractions = { left: (left + x * scale) / stageRatio, top: top + y * scale, width: (w * scale) / stageRatio, height: h * scale };
    for (const [side, fraction] of Object.entries(fractions)) box.style[side] = `${100 * fraction}%`;
    box.addEventListener("click", () => onSelect(place));
    layer.append(box);
  });
}
