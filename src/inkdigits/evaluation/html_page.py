"""Pages that need nothing but themselves, from the templates beside this file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from inkdigits.errors import require_extra

__all__ = ["render"]


def render(template: str, **values: Any) -> str:
    """The text of `template`, a file beside this one. What is put into HTML is escaped unless marked as safe."""
    require_extra("jinja2", "train", "a report")
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=template.endswith(".html.jinja"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    environment.filters |= {"percent": _percent, "points": _points}
    return environment.get_template(template).render(**values)


def _percent(share: float | None, digits: int = 2) -> str:
    return "none" if share is None else f"{100 * share:.{digits}f} %"


def _points(interval: Any) -> str:
    """An interval of differences between shares, in percentage points."""
    return f"{100 * interval.low:+.2f} to {100 * interval.high:+.2f}"
