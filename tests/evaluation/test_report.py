"""Reports: what they say, and that they are self-contained."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from inkdigits.datasets.label_errors import MNIST_TEST_LABEL_ERRORS, MNIST_TEST_SHA256
from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.datasets.mnist import load_test
from inkdigits.errors import DataError
from inkdigits.evaluation.evaluate import Predictions, store_predictions
from inkdigits.evaluation.figures import png_data_uri
from inkdigits.evaluation.report import make_report, write_report
from inkdigits.modelfile.predictor import Predictor
from tests.conftest import Cli
from tests.evaluation.conftest import MakeRun, answers


def test_the_verified_label_errors_are_left_out_only_of_mnists_test_set(test_part: LabelledDigits) -> None:
    digits = load_test()
    assert digits.sha256 == MNIST_TEST_SHA256
    perfect = np.eye(10, dtype=np.float32)[digits.labels]
    wrong_there = perfect.copy()
    rows = list(MNIST_TEST_LABEL_ERRORS)
    wrong_there[rows] = np.roll(perfect[rows], 1, axis=1)
    report = make_report("run", (), digits, Predictions(wrong_there, digits.labels))
    assert report.without_errors is not None
    assert (report.without_errors.accuracy, report.without_errors.n) == (1.0, 9985)
    assert all(example.wrong_label for example in report.worst)
    assert report.mistakes == 15
    small = make_report("run", (), test_part, Predictions(answers(test_part.labels, 3, 0), test_part.labels))
    assert small.without_errors is None


def test_a_network_that_people_trained_agrees_that_those_labels_are_wrong() -> None:
    """The indices are right: the shipped cnn is right on 99 % of all pictures, and on hardly any of these."""
    digits = load_test()
    rows = np.array(MNIST_TEST_LABEL_ERRORS)
    read = Predictor.load("cnn").predict_proba(digits.images[rows]).argmax(axis=1)
    assert (read != digits.labels[rows]).sum() >= 12


class _Remote(HTMLParser):
    """Collects every address that a browser would load."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in {"src", "href", "xlink:href"}]


def test_the_report_of_ten_thousand_pictures_stands_alone(make_run: MakeRun) -> None:
    digits = load_test()
    run = make_run("run", digits=digits, wrong=150)
    report = write_report(run, "mnist", Predictor.load("dense"))
    page = (run.path / "report.html").read_text()
    parser = _Remote()
    parser.feed(page)
    assert all(address.startswith(("data:", "#")) for address in parser.addresses)
    assert not parser.tags & {"script", "link", "iframe"}
    assert "url(http" not in page
    assert page.count("<svg") == 4
    overview = page[: page.index("</section>")]
    assert overview.count("<svg") == 2
    assert "when the 2 % least confident answers are refused" in overview
    assert page.count("data:image/png;base64,") == 2 * len(report.worst) + len(report.least_confident)
    # Pictures are counted from 0, as everywhere.
    shown = re.findall(r'<img src="([^"]+)" alt="picture (\d+)">.*?<br>index (\d+)', page, re.DOTALL)
    assert len(shown) == len(report.worst) + len(report.least_confident)
    for source, number, index in shown:
        assert number == index
        assert source == png_data_uri(digits.images[int(index)])
    text = (run.path / "report.md").read_text()
    for needle in ("98.50 %", "without 15 verified label errors", "learning_rate 0.002", "| 150 |", "| 1 time for"):
        assert needle in text
    for seconds in ("import", "data", "compile", "train", "evaluate"):
        assert f" {seconds} |" in text
    # Tables survive: every row has as many cells as its head.
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        assert len({line.count("|") for line in table.splitlines()}) == 1, table


@pytest.mark.parametrize("by", ["trained_on", "added"])
def test_a_run_that_was_trained_on_what_it_is_evaluated_on(
    make_run: MakeRun, test_part: LabelledDigits, small_npz: Path, by: str
) -> None:
    run = make_run("run", **{by: test_part.sha256})
    report = write_report(run, str(small_npz), Predictor.load("dense"))
    assert "WAS TRAINED" in report.warnings[0]
    assert 'class="warning"' in (run.path / "report.html").read_text()
    assert "WAS TRAINED" in (run.path / "report.md").read_text()


def test_a_run_without_a_mistake_on_one_class(make_run: MakeRun, test_part: LabelledDigits, small_npz: Path) -> None:
    sevens = test_part.take(test_part.labels == 7, "sevens")
    predictions = Predictions(answers(sevens.labels, 0, 0), sevens.labels)
    report = make_report("run", (), sevens, predictions)
    assert "nothing but the digit 7" in report.warnings[0]
    assert (report.mistakes, report.worst, report.confused) == (0, [], [])
    run = make_run("perfect", wrong=0)
    write_report(run, str(small_npz), Predictor.load("dense"))
    assert "of 0 mistakes" in (run.path / "report.html").read_text()


def test_answers_that_are_no_probabilities_make_no_report(
    make_run: MakeRun, test_part: LabelledDigits, small_npz: Path
) -> None:
    run = make_run("run")
    store_predictions(run, test_part, Predictions(np.full((500, 10), np.nan, np.float32), test_part.labels))
    with pytest.raises(DataError, match="not finite"):
        write_report(run, str(small_npz), Predictor.load("dense"))
    assert not (run.path / "report.html").exists()


def test_digits_that_changed_since_make_no_report(make_run: MakeRun) -> None:
    run = make_run("run")
    with pytest.raises(DataError, match="not the digits that were evaluated on"):
        write_report(run, "mnist", Predictor.load("dense"))


def test_evaluate_writes_the_report_and_says_where(main_here: Cli, small_npz: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    smoothed = ("--set", "label_smoothing=0.1")
    assert main_here("train", "convnet", "--data", small_npz, "--epochs", 1, *smoothed, "--out", run).returncode == 0
    result = main_here("evaluate", run, "--data", small_npz)
    assert result.returncode == 0, result.stderr
    assert f"report: {run / 'report.html'}" in result.stdout
    assert result.stderr.count("warning") == 0
    # One epoch is a lone dot; the loss along its steps is a line.
    assert "training, by steps" in (run / "report.html").read_text()
    assert "towards targets that are smoothed by 0.1, whose loss is never zero" in (run / "report.html").read_text()
    assert (run / "report.md").read_text().startswith("# convnet, evaluated on")
    assert "the gradient for" not in (run / "report.html").read_text()
    result = main_here("evaluate", run, "--data", small_npz, "--explain")
    assert result.returncode == 0, result.stderr
    page = (run / "report.html").read_text()
    shown = min(24, int(re.search(r"most confident \d+ of (\d+) mistakes", page)[1]))  # type: ignore[index]
    assert page.count('alt="the gradient for') == shown > 0
    assert page.count('alt="training picture') == 3 * shown
