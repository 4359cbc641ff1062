// Ten bars a network, side by side, and under each the ink that its answer rests on.

import { drawEvidence } from "./seen.js";
import { percent } from "./words.js";

export class Bars {
  constructor(table) {
    this.table = table;
    this.models = [];
  }

  build(models) {
    this.models = models;
    this.table.tHead.replaceChildren(row(cell("th", "Digit", "unseen-text"), ...models.map((name) => header(name))));
    this.table.tBodies[0].replaceChildren(...Array.from({ length: 10 }, (_, digit) => digitRow(digit, models)));
    this.table.tFoot.replaceChildren(row(cell("th", ""), ...models.map((name) => mapCell(name))));
    this.show(null, null);
  }

  // `results` as /v1/classify gives them, null for none; the evidence may come later.
  show(results, seen) {
    const byModel = new Map((results ?? []).map((result) => [result.model, result.pictures[0]]));
    this.models.forEach((name, column) => this.showModel(byModel.get(name), column + 1, seen));
  }

  showModel(told, column, seen) {
    for (const [digit, line] of [...this.table.tBodies[0].rows].entries()) {
      const share = told ? told.probabilities[digit] : 0;
      const field = line.cells[column];
      field.style.setProperty("--share", share);
      field.classList.toggle("best", Boolean(told) && told.value === digit);
      field.lastChild.textContent = told ? percent(share).replace("over ", ">") : "";
    }
    const map = this.table.tFoot.rows[0].cells[column].firstChild;
    if (!told) drawEvidence(map, null, null);
    else if (told.evidence) drawEvidence(map, seen, told.evidence);
    if (told) map.setAttribute("aria-label", `The ink on which ${this.models[column - 1]} rests its ${told.value}`);
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
  canvas.setAttribute("aria-label", `The ink on which the answer of ${name} rests: nothing yet`);
  field.append(canvas);
  return field;
}
