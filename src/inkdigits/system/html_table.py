"""Small HTML for notebooks, which call `_repr_html_` of a value that ends a cell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

__all__ = ["html_table", "html_text", "percent"]


def html_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; text is escaped."""
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "".join(f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def html_text(text: str) -> str:
    """A paragraph."""
    return f"<p>{escape(text)}</p>"


def percent(fraction: float | None, digits: int = 2) -> str:
    """A fraction in [0, 1] as a percentage; a dash for None."""
    return "-" if fraction is None else f"{100 * fraction:.{digits}f} %"
