"""Self-contained pages from the templates beside this file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from inkdigits.errors import require_extra
from inkdigits.stats.scores import Interval
from inkdigits.system.atomic_io import write_text

__all__ = ["check_report_extra", "write_page"]


def check_report_extra(needed_by: str) -> None:
    """Raise `MissingExtraError` unless what pages are made with is installed."""
    for module in ("jinja2", "matplotlib"):
        require_extra(module, "report", needed_by)


def write_page(path: Path, template: str, **values: Any) -> None:
    """Write `template`, a file beside this one, filled with `values`. In HTML they are escaped unless marked as safe.

    Raises `OutputError`, or `MissingExtraError` without jinja2.
    """
    check_report_extra("a report")
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=template.endswith(".html.jinja"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    environment.filters |= {"percent": _percent, "points": _points}
    write_text(path, environment.get_template(template).render(**values))


def _percent(fraction: float | None, decimals: int = 2) -> str:
    return "none" if fraction is None else f"{100 * fraction:.{decimals}f} %"


def _points(interval: Interval) -> str:
    """An interval of differences between fractions, in percentage points."""
    return f"{100 * interval.low:+.2f} to {100 * interval.high:+.2f}"
