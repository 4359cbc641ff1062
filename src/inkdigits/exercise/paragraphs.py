"""From the master's marked paragraphs to what Jupyter, JupyterLab, nbconvert and nbgrader all show alike.

Boxes use classes that every Jupyter styles, so a task is red without a style sheet of our own.
"""

from __future__ import annotations

import base64
import re
from functools import cache
from importlib import resources

__all__ = ["render_text"]

_MARK = re.compile(r"(TASK|HINT|WHY|FIGURE): ")
_FIGURES = {
    "cnn": (
        "The network of part 2: picture 28 x 28 x 1; convolution 5 x 5 to 24 x 24 x 32; max pooling to 12 x 12 x 32; "
        "convolution 5 x 5 to 8 x 8 x 64; max pooling to 4 x 4 x 64; flatten to 1,024; fully connected 1,024; "
        "fully connected 10 with softmax"
    )
}


def render_text(text: str) -> str:
    """A text cell's Markdown, its marked paragraphs turned into boxes, folded notes and drawings."""
    return "\n\n".join(_render_paragraph(paragraph) for paragraph in text.split("\n\n"))


def _render_paragraph(paragraph: str) -> str:
    mark = _MARK.match(paragraph)
    if not mark:
        return paragraph
    return _RENDERERS[mark[1]](paragraph[mark.end() :])


# Without the margin a folded note touches what follows it.
_FOLDED = '<details style="margin-bottom: 1em">'


def _task(text: str) -> str:
    # A block of HTML ends at a blank line, so that what is between is rendered as Markdown.
    return (
        '<div class="alert alert-block alert-danger" style="color:#8b0000">\n\n'
        f'<b style="color:#c00000">Your turn.</b> {text}\n\n</div>'
    )


def _hint(text: str) -> str:
    return f"{_FOLDED}<summary><b>Hint</b></summary>\n\n{text}\n\n</details>"


def _why(text: str) -> str:
    question, _, answer = text.partition("\n")
    return f"{_FOLDED}<summary><b>{question}</b></summary>\n\n{answer}\n\n</details>"


def _figure(name: str) -> str:
    # An <img> and not Markdown's picture: nbconvert refuses Markdown pictures that carry SVG.
    return f'<img alt="{_FIGURES[name]}" width="820" src="data:image/svg+xml;base64,{_drawing(name)}">'


_RENDERERS = {"TASK": _task, "HINT": _hint, "WHY": _why, "FIGURE": _figure}


@cache
def _drawing(name: str) -> str:
    return base64.b64encode((resources.files("inkdigits.exercise") / f"{name}.svg").read_bytes()).decode("ascii")
