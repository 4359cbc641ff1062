// Drawing with a mouse, finger or pen. The strokes are kept, for undo and to be drawn again for the server.

export const PAPER = "#ffffff";
const INK = "#000000";
// The size of the sent picture relative to the drawing area: enough for 28 x 28, and fast to send while drawing.
const SENT_SCALE = 0.625;
const KEY_STEP = 14;

export class Pad {
  constructor(canvas, onChange) {
    this.canvas = canvas;
    this.onChange = onChange;
    this.strokes = [];
    this.thickness = 20;
    this.pointer = null;
    this.cursor = null;
    this.cleared = [];
    canvas.addEventListener("dragstart", (event) => event.preventDefault());
    canvas.addEventListener("pointerdown", (event) => this.begin(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) {
      canvas.addEventListener(name, (event) => this.end(event));
    }
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("blur", () => this.putCursor(null));
  }

  get isBlank() {
    return this.strokes.length === 0;
  }

  // The last point of the pen, in pixels of the drawing area.
  get lastPoint() {
    return this.strokes.at(-1)?.at(-1);
  }

  place(event) {
    const frame = this.canvas.getBoundingClientRect();
    return {
      x: ((event.clientX - frame.left) / frame.width) * this.canvas.width,
      y: ((event.clientY - frame.top) / frame.height) * this.canvas.height,
      width: this.thickness * pressureFactor(event),
    };
  }

  begin(event) {
    if (event.button > 0 || (this.pointer !== null && this.pointer !== event.pointerId)) return;
    // A browser would drag selected text, and end the stroke.
    getSelection()?.removeAllRanges();
    this.pointer = event.pointerId;
    this.canvas.setPointerCapture(event.pointerId);
    this.cursor = null;
    this.strokes.push([this.place(event)]);
    this.changed();
  }

  move(event) {
    if (event.pointerId !== this.pointer || !this.strokes.length) return;
    const coalesced = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
    for (const each of coalesced.length ? coalesced : [event]) this.strokes.at(-1).push(this.place(each));
    this.changed();
  }

  end(event) {
    if (event.pointerId === this.pointer) this.pointer = null;
  }

  key(event) {
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.key in steps) this.moveCursor(...steps[event.key]);
    else if (event.key === " ") this.putPen();
    else if (event.key === "Delete") this.clear();
    else return;
    event.preventDefault();
  }

  moveCursor(right, down) {
    const at = this.cursor ?? { x: this.canvas.width / 2, y: this.canvas.height / 4, down: false };
    const x = Math.min(this.canvas.width - 10, Math.max(10, at.x + right * KEY_STEP));
    const y = Math.min(this.canvas.height - 10, Math.max(10, at.y + down * KEY_STEP));
    if (at.down) this.strokes.at(-1).push({ x, y, width: this.thickness });
    this.putCursor({ ...at, x, y });
    if (at.down) this.onChange();
  }

  putPen() {
    if (!this.cursor) return this.moveCursor(0, 0);
    const down = !this.cursor.down;
    if (down) this.strokes.push([{ x: this.cursor.x, y: this.cursor.y, width: this.thickness }]);
    this.putCursor({ ...this.cursor, down });
    this.onChange();
  }

  putCursor(cursor) {
    this.cursor = cursor;
    this.show();
  }

  get canUndo() {
    return this.strokes.length > 0 || this.cleared.length > 0;
  }

  // Take the last stroke away; of a cleared drawing, bring all of them back.
  undo() {
    if (this.strokes.length) this.strokes.pop();
    else [this.strokes, this.cleared] = [this.cleared, []];
    if (this.cursor) this.cursor.down = false;
    this.changed();
  }

  clear() {
    if (this.strokes.length) this.cleared = this.strokes;
    this.strokes = [];
    if (this.cursor) this.cursor.down = false;
    this.changed();
  }

  changed() {
    this.show();
    this.onChange();
  }

  show() {
    const style = getComputedStyle(this.canvas);
    const context = this.canvas.getContext("2d");
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    drawStrokes(context, this.strokes, style.getPropertyValue("--ink") || INK);
    if (this.cursor) drawCursor(context, this.cursor, style.getPropertyValue("--accent"));
  }

  // The picture for the server: black ink on white paper, whatever the colours on the screen.
  toBlob() {
    const copy = document.createElement("canvas");
    copy.width = this.canvas.width * SENT_SCALE;
    copy.height = this.canvas.height * SENT_SCALE;
    const context = copy.getContext("2d");
    context.fillStyle = PAPER;
    context.fillRect(0, 0, copy.width, copy.height);
    context.scale(SENT_SCALE, SENT_SCALE);
    drawStrokes(context, this.strokes, INK);
    return new Promise((resolve) => copy.toBlob(resolve, "image/png"));
  }
}

// A pen's pressure makes the line thinner or thicker; a mouse always reports 0.5, a finger mostly 0.5 or 1.
function pressureFactor(event) {
  return event.pointerType === "pen" && event.pressure > 0 ? 0.5 + event.pressure : 1;
}

function drawStrokes(context, strokes, ink) {
  context.strokeStyle = context.fillStyle = ink;
  context.lineCap = context.lineJoin = "round";
  for (const stroke of strokes) drawStroke(context, stroke);
}

function drawStroke(context, [first, ...rest]) {
  context.beginPath();
  context.arc(first.x, first.y, first.width / 2, 0, 2 * Math.PI);
  context.fill();
  let last = first;
  for (const point of rest) {
    context.lineWidth = (last.width + point.width) / 2;
    context.beginPath();
    context.moveTo(last.x, last.y);
    context.lineTo(point.x, point.y);
    context.stroke();
    last = point;
  }
}

function drawCursor(context, cursor, colour) {
  context.strokeStyle = colour;
  context.lineWidth = 3;
  context.beginPath();
  context.arc(cursor.x, cursor.y, cursor.down ? 6 : 14, 0, 2 * Math.PI);
  context.stroke();
}
