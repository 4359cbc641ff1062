// A column of ten bars per network, and below it the evidence: the ink that supports or contradicts its prediction.

import { drawEvidence } from "./maps.js";
import { percent } from "./describe.js";

export class Bars {
  constructor(table) {
    this.table = table;
    this.models = [];
  }

  build(models) {
    this.models = models;
    this.table.tHead.replaceChildren(row(cell("th", "Digit", "hidden-text"), ...models.map((name) => header(name))));
    this.table.tBodies[0].replaceChildren(...Array.from({ length: 10 }, (_, digit) => digitRow(digit, models)));
    this.table.tFoot.replaceChildren(row(cell("td", ""), ...models.map((name) => mapCell(name))));
    this.show(null, null);
  }

  // `results` as /v1/classify returns them, null for none; the evidence may follow in a later call.
  show(results, networkInput) {
    const byModel = new Map((results ?? []).map((result) => [result.model, result.pictures[0]]));
    this.models.forEach((name, column) => this.showModel(byModel.get(name), column + 1, networkInput));
  }

  showModel(prediction, column, networkInput) {
    for (const [digit, line] of [...this.table.tBodies[0].rows].entries()) {
      const probability = prediction ? prediction.probabilities[digit] : 0;
      const field = line.cells[column];
      field.style.setProperty("--probability", probability);
      field.classList.toggle("best", Boolean(prediction) && prediction.value === digit);
      field.lastChild.textContent = prediction ? percent(probability).replace("over ", ">") : "";
    }
    const map = this.table.tFoot.rows[0].cells[column].firstChild;
    if (!prediction) drawEvidence(map, null, null);
    else if (prediction.evidence) drawEvidence(map, networkInput, prediction.evidence);
    if (prediction) map.setAttribute("aria-label", `The ink that supports the ${prediction.value} of ${this.models[column - 1]}, and the ink that contradicts it`);
  }
}

function row(...cells) {
  const line = document.createElement("tr");
  line.append(...cells);
  return line;
}

function cell(kind, text, className = "") {
  const element = document.createElement(kind);
  element.textContent = text;
  element.className = className;
  return element;
}

function header(name) {
  const element = cell("th", name);
  element.scope = "col";
  element.title = name;
  return element;
}

function digitRow(digit, models) {
  const first = cell("th", digit);
  first.scope = "row";
  return row(first, ...models.map(() => {
    const field = cell("td", "");
    field.append(document.createElement("i"), document.createElement("span"));
    return field;
  }));
}

function mapCell(name) {
  const field = cell("td", "");
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 28;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `The evidence of ${name}: nothing yet`);
  field.append(canvas);
  return field;
}
