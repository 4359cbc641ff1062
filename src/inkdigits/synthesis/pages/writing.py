"""Writing on a page: single digits, rows, columns, forms, words and drawings, laid out as people write them.

Layouts are in heights of a digit. Chances and ranges were set by hand, wide, so that what people do lies inside them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inkdigits.synthesis.pages.canvas import Canvas, Transform, affine, apply, combined
from inkdigits.synthesis.pages.shapes import Shape, ShapeLibrary, count_loops
from inkdigits.synthesis.pen_drawings import smooth

__all__ = ["Layout", "Mark", "draw_writing", "lay_out"]

Floats = NDArray[np.float32]
_HEIGHTS = 24  # parts of a digit's height at which it is looked where ink touches


@dataclass(frozen=True)
class Mark:
    """A shape in a layout: `transform` maps its field to the layout, `box` is x, y, w, h there."""

    shape: Shape
    transform: Transform
    box: tuple[float, float, float, float]
    is_digit: bool


@dataclass
class Layout:
    """Marks, lines of other writing (points in the layout), and boxes of a form."""

    marks: list[Mark]
    lines: list[NDArray[np.float64]]
    boxes: list[tuple[float, float, float, float]]


def _placed(shape: Shape, x: float, y: float, height: float, slant: float, *, is_digit: bool) -> Mark:
    """A mark of that height, the lower left corner of its box at (x, y)."""
    left, top, w, h = shape.box
    scale = height / max(h, 0.45 * w)
    transform = affine(scale, slant=slant)
    low = transform[:, :2] @ np.array([left, top + h])
    transform[:, 2] = np.array([x, y]) - low
    return Mark(shape, transform, (x, y - h * scale, w * scale, h * scale), is_digit)


def lay_out(library: ShapeLibrary, rng: np.random.Generator) -> Layout:
    """A random layout."""
    kinds: list[tuple[float, Callable[[ShapeLibrary, np.random.Generator], Layout]]] = [
        (0.36, _single),
        (0.28, _row),
        (0.12, _rows),
        (0.10, _form),
        (0.08, _words),
        (0.08, _signs),
        (0.16, _single_other),
        (0.04, _curves),
        (0.20, _nothing),
    ]
    chances = np.array([chance for chance, _ in kinds])
    return kinds[int(rng.choice(len(kinds), p=chances / chances.sum()))][1](library, rng)


def _nothing(library: ShapeLibrary, rng: np.random.Generator) -> Layout:
    return Layout([], [], [])


def _curves(library: ShapeLibrary, rng: np.random.Generator) -> Layout:
    """Long curves that wind, as scribbles do, or a single stroke that lies too flat for a one."""
    if rng.random() < 0.3:
        return Layout([], [np.array([(0.0, 0.0), (rng.uniform(0.5, 2.0), rng.uniform(-0.3, 0.3))])], [])
    curves = []
    for _ in range(int(rng.integers(1, 4))):
        points = rng.uniform(0, rng.uniform(0.8, 2.5), (int(rng.integers(8, 18)), 2))
        curves.append(smooth(points, 6) if rng.random() < 0.8 else points)
    return Layout([], curves, [])


def _single(library: ShapeLibrary, rng: np.random.Generator) -> Layout:
    shape = library.digit(rng, printed=rng.random() < 0.12)
    return Layout([_placed(shape, 0, 1, 1, rng.normal(0, 0.1), is_digit=True)], [], [])


def _single_other(library: ShapeLibrary, rng: np.random.Generator) -> Layout:
    """A letter or a drawing alone."""
    shape = library.letter(rng) if rng.random() < 0.7 else library.sign(rng)
    return Layout([_placed(shape, 0, 1, 1, rng.normal(0, 0.1), is_digit=False)], [], [])


def _row(library: ShapeLibrary, rng: np.random.Generator) -> Layout:
    layout = Layout([], [], [])
    _add_row(layout, library, rng, 1.0, 2 if rng.random() < 0.3 else int(rng.integers(2, 9)))
    return layout


def _rows(library: ShapeLibrary, rng: np.random.Generator) -> Layout:
    layout = Layout([], [], [])
    step = rng.uniform(1.2, 2.2)
    for row in range(int(rng.integers(2, 6))):
        _add_row(layout, library, rng, 1.0 + row * step, int(rng.integers(1, 7)))
    return layout


def _words(library: ShapeLibrary, rng: np.random.Generator) -> Layout:
    layout = Layout([], [], [])
    for row in range(int(rng.integers(1, 4))):
        _add_row(layout, library, rng, 1.0 + 1.5 * row, int(rng.integers(1, 8)), digits=rng.choice([0.0, 0.0, 0.4]))
    return layout


def _signs(library: ShapeLibrary, rng: np.random.Generator) -> Layout:
    layout, x = Layout([], [], []), 0.0
    for _ in range(int(rng.integers(1, 4))):
        shape = library.sign(rng)
        mark = _placed(shape, x, 1, rng.uniform(0.5, 1.6), 0, is_digit=False)
        layout.marks.append(mark)
        x += mark.box[2] + rng.uniform(0.1, 1.0)
        if rng.random() < 0.3:
            digit = _placed(library.digit(rng, printed=False), x, 1, 1, 0, is_digit=True)
            layout.marks.append(digit)
            x += digit.box[2] + rng.uniform(0.2, 1.0)
    return layout


def _form(library: ShapeLibrary, rng: np.random.Generator) -> Layout:
    """One digit a box; boxes are equally wide, or as wide as their digits ask for."""
    layout, left, margin = Layout([], [], []), 0.0, rng.choice([0.0, rng.uniform(0.1, 0.3)])
    width, height, apart = (
        rng.uniform(0.95, 1.6),
        rng.uniform(1.15, 1.8),
        rng.choice([0.0, 0.0, rng.uniform(0.03, 0.5)]),
    )
    for _ in range(int(rng.integers(1, 8))):
        mark = _placed(library.digit(rng, printed=False), left, height, rng.uniform(0.75, 1.0), 0, is_digit=True)
        if margin:
            width = mark.box[2] + 2 * margin
        layout.boxes.append((left, 0, width, height))
        left += width + apart
        if rng.random() < 0.12:
            continue
        shift = np.array([(width - mark.box[2]) / 2, -(height - mark.box[3]) / 2]) + rng.normal(0, 0.07, 2)
        mark.transform[:, 2] += shift
        layout.marks.append(Mark(mark.shape, mark.transform, _shifted(mark.box, shift), is_digit=True))
    return layout


def _shifted(box: tuple[float, float, float, float], by: NDArray[np.float64]) -> tuple[float, float, float, float]:
    return (box[0] + by[0], box[1] + by[1], box[2], box[3])


def _add_row(
    layout: Layout, library: ShapeLibrary, rng: np.random.Generator, base: float, count: int, digits: float = 0.94
) -> None:
    """A row of `count` marks on the base line, a fraction `digits` of them digits, with separators between them."""
    printed, slant = rng.random() < 0.12, rng.normal(0, 0.15)
    gap, spread = rng.choice([-0.12, -0.06, 0.0, 0.08, 0.2, 0.35, 0.6]), rng.uniform(0.0, 0.12)
    uneven, separators, touching = rng.uniform(0, 0.1), rng.choice([0.0, 0.0, 0.25]), rng.choice([0.0, 0.0, 0.3, 1.0])
    x, written = rng.uniform(0, 0.6), len(layout.marks)
    for _ in range(count):
        is_digit = bool(rng.random() < digits)
        shape = library.digit(rng, printed) if is_digit else library.letter(rng)
        height = (1 if is_digit else rng.uniform(0.6, 1.2)) * np.exp(rng.normal(0, uneven))
        mark = _placed(shape, x, base + rng.normal(0, uneven), height, slant, is_digit=is_digit)
        if len(layout.marks) > written and rng.random() < touching:
            mark = _moved(mark, _shift_to_touch(layout.marks[-1], mark) - rng.uniform(0, 0.05))
            x = mark.box[0]
        layout.marks.append(mark)
        x += mark.box[2] + gap + abs(rng.normal(0, spread))
        if rng.random() < separators:
            x = _add_separator(layout, rng, x, base)
    if rng.random() < 0.1:
        _cross_out(layout, int(rng.integers(written, len(layout.marks))), rng)


def _moved(mark: Mark, across: float) -> Mark:
    shift = np.array([across, 0.0])
    transform = mark.transform.copy()
    transform[:, 2] += shift
    return Mark(mark.shape, transform, _shifted(mark.box, shift), mark.is_digit)


def _shift_to_touch(left: Mark, right: Mark) -> float:
    """How far, across, `right` has to move until its ink touches that of `left`; 0 where none is at one height."""
    ends, starts = _ends(left, 1), _ends(right, -1)
    shifts = [ends[height] + starts[height] for height in ends.keys() & starts.keys()]
    return max(shifts, default=0.0)


def _ends(mark: Mark, direction: int) -> dict[int, float]:
    """The place (times `direction`) of the outermost ink in that direction, by height in parts of a digit's height."""
    rows, columns = np.nonzero(mark.shape.mask)
    x, y = apply(mark.transform, np.column_stack([columns, rows]).astype(np.float64)).T
    ends: dict[int, float] = {}
    for height, place in zip(np.floor(_HEIGHTS * y).astype(int).tolist(), (direction * x).tolist(), strict=True):
        ends[height] = max(ends.get(height, place), place)
    return ends


def _add_separator(layout: Layout, rng: np.random.Generator, x: float, base: float) -> float:
    """A sign as people write between digits, from `x` on; where it ends."""
    x += 0.12
    middle = base - 0.45 + rng.normal(0, 0.05)
    signs: list[tuple[int, list[list[tuple[float, float]]]]] = [
        (2, [[(x, base), (x + 0.03, base)]]),  # a point
        (2, [[(x + 0.06, base - 0.05), (x, base + 0.2)]]),  # a comma
        (1, [[(x, middle), (x + 0.02, middle)], [(x, base), (x + 0.02, base)]]),  # a colon
        (2, [[(x, middle), (x + 0.45, middle + rng.normal(0, 0.05))]]),  # a minus sign
        (1, [[(x, middle), (x + 0.45, middle)], [(x, middle - 0.2), (x + 0.45, middle - 0.2)]]),  # an equals sign
        (1, [[(x, middle), (x + 0.5, middle)], [(x + 0.25, middle - 0.25), (x + 0.25, middle + 0.25)]]),  # a plus sign
        (1, [[(x, middle - 0.2), (x + 0.4, middle + 0.2)], [(x, middle + 0.2), (x + 0.4, middle - 0.2)]]),  # times
        (1, [[(x + 0.55, base - 1.15), (x, base + 0.15)]]),  # a slash
        (1, [[(x, base - 0.45), (x + rng.uniform(0.1, 0.3), base), (x + 0.7, base - rng.uniform(0.8, 1.2))]]),  # a tick
        (2, [_bracket(x, base, rng)]),
    ]
    chances = np.array([chance for chance, _ in signs])
    strokes = signs[int(rng.choice(len(signs), p=chances / chances.sum()))][1]
    layout.lines += [np.array(points, np.float64) for points in strokes]
    return float(max(point[0] for points in strokes for point in points)) + 0.12


def _bracket(x: float, base: float, rng: np.random.Generator) -> list[tuple[float, float]]:
    """An arc that opens to the left or to the right."""
    depth = rng.choice([-1, 1]) * rng.uniform(0.15, 0.3)
    ends = np.linspace(-1, 1, 9).tolist()
    return [(x + max(depth, 0) - depth * (1 - end**2), base - 0.5 + 0.65 * end) for end in ends]


def _cross_out(layout: Layout, place: int, rng: np.random.Generator) -> None:
    """A zigzag, a cross or two lines through the mark at `place`, which then is no digit."""
    mark = layout.marks[place]
    layout.marks[place] = Mark(mark.shape, mark.transform, mark.box, is_digit=False)
    x, y, w, h = mark.box
    left, right, kind = x - 0.05, x + w + 0.05, rng.random()
    if kind < 0.6:
        turns = int(rng.integers(4, 10))
        down = y + h / 2 + 0.4 * h * (-1.0) ** np.arange(turns) + rng.normal(0, 0.05, turns)
        layout.lines.append(np.stack([np.linspace(left, right, turns), down], axis=1))
    else:
        top, bottom = (y, y + h) if kind < 0.8 else (y + 0.4 * h, y + 0.6 * h)
        layout.lines.append(np.array([(left, top), (right, bottom if kind < 0.8 else top)]))
        layout.lines.append(np.array([(left, bottom), (right, top if kind < 0.8 else bottom)]))


def draw_writing(
    layout: Layout, canvas: Canvas, to_canvas: Transform, pen: float | None, rng: np.random.Generator
) -> None:
    """Draw a layout with a pen of `pen` of a digit's height, or None: each mark as it was written."""
    scale = float(np.sqrt(abs(np.linalg.det(to_canvas[:, :2]))))
    for mark in layout.marks:
        distance = _stroked(mark.shape, pen, rng)
        canvas.draw(mark.shape, distance, combined(to_canvas, mark.transform), is_digit=mark.is_digit)
    for points in layout.lines:
        width = (pen or 0.1) * scale * rng.uniform(0.8, 1.3)
        canvas.draw_line(apply(to_canvas, points), width)


def _stroked(shape: Shape, pen: float | None, rng: np.random.Generator) -> Floats:
    """The distance from the edge of the strokes, which are a little wider here and narrower there."""
    if pen is None:
        return np.asarray(shape.edge - np.float32(rng.normal(0, 0.8)), np.float32)
    while pen > 0.12 and _closes_a_loop(shape, pen):
        pen *= 0.8
    return shape.half_width(pen) - _unevenness(shape, pen, rng)


def _unevenness(shape: Shape, pen: float, rng: np.random.Generator) -> Floats:
    import cv2

    coarse = rng.normal(0, rng.uniform(0, 0.22) * 0.5 * pen * shape.box[3], (5, 5)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, shape.edge.shape[::-1], interpolation=cv2.INTER_CUBIC), np.float32)


def _closes_a_loop(shape: Shape, pen: float) -> bool:
    return count_loops((shape.half_width(pen) < 0).astype(np.uint8)) < shape.loops
