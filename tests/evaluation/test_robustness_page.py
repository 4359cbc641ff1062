"""The page of a robustness report."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from inkdigits.datasets.mnist import load_test
from inkdigits.evaluation.robustness import measure_robustness
from inkdigits.evaluation.robustness_page import write_robustness_page
from inkdigits.modelfile.load import load_classifier


def test_the_page_is_self_contained(tmp_path: Path) -> None:
    few = load_test().take(slice(0, 50), "50 digits")
    report = measure_robustness(load_classifier("cnn"), few, model="cnn", sample=10)
    write_robustness_page(tmp_path / "report.html", report)
    page = (tmp_path / "report.html").read_text()

    assert 'src="http' not in page
    assert "<link" not in page
    assert "<script" not in page
    for svg in page.split("<svg")[1:]:
        ElementTree.fromstring("<svg" + svg.split("</svg>")[0] + "</svg>")
    for row in report.nondigits:
        assert row.family.replace("_", " ") in page
    assert page.count("data:image/png;base64,") == len(report.shown)
