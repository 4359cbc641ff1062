"""The robustness report: counts, held-out kinds apart, anything that classifies."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.datasets.mnist import load_test
from inkdigits.errors import DataError
from inkdigits.evaluation.robustness import RobustnessReport, measure_robustness, robustness
from inkdigits.modelfile.load import load_classifier
from inkdigits.synthesis.families import HELD_OUT_CORRUPTIONS, HELD_OUT_NONDIGITS, TRAINED_CORRUPTIONS
from inkdigits.training.run import open_run
from tests.conftest import Cli
from tests.evaluation.conftest import MakeRun


class _ByInk:
    """Says 7 whatever it sees, more confidently the more ink there is."""

    def predict_proba(self, images: np.ndarray) -> np.ndarray:
        sure = 0.3 + 0.6 * images.reshape(len(images), -1).mean(axis=1) / 255
        probabilities = np.repeat((1 - sure)[:, None] / 9, 10, axis=1)
        probabilities[:, 7] = sure
        return probabilities


class _Broken:
    def predict_proba(self, images: np.ndarray) -> np.ndarray:
        return np.full((len(images), 10), np.nan)


@pytest.fixture(scope="module")
def few() -> LabelledDigits:
    return load_test().take(slice(0, 300), "300 digits")


@pytest.fixture(scope="module")
def reports(few: LabelledDigits) -> dict[str, RobustnessReport]:
    by_ink = measure_robustness(_ByInk(), few, model="by ink", threshold=0.36, sample=50)
    return {"by ink": by_ink, "cnn": measure_robustness(load_classifier("cnn"), few, model="cnn", sample=50)}


def test_what_says_seven_is_right_as_often_as_there_are_sevens(
    reports: dict[str, RobustnessReport], few: LabelledDigits
) -> None:
    report = reports["by ink"]
    mean = few.images.reshape(300, -1).mean(axis=1)
    accepted = 0.3 + 0.6 * mean / 255 >= 0.36

    assert report.plain.right == int((few.labels == 7).sum())
    assert report.plain.refused == int((~accepted).sum())
    assert report.plain.wrong_accepted == int((accepted & (few.labels != 7)).sum())
    assert 0 < report.plain.refused < 300
    sevens = {
        row.right
        for row in report.digits
        if row.condition.group in ("corruption", "shift", "rotation", "scale", "stroke")
    }
    assert len(sevens) == 1  # the same digits under every condition
    crossed = next(row for row in report.digits if row.condition.kind == "crossed")
    assert crossed.accuracy == 1


def test_a_rate_and_an_auroc_of_non_digits_are_those_of_the_probabilities(reports: dict[str, RobustnessReport]) -> None:
    by_family = {row.family: row for row in reports["by ink"].nondigits}

    assert by_family["full_frame"].rate > by_family["waves"].rate
    assert by_family["value_noise"].auroc < 0.5 < by_family["waves"].auroc  # more ink than a digit, and less
    assert all(row.interval.low <= row.rate <= row.interval.high for row in by_family.values())
    assert reports["by ink"].threshold_from_model
    assert (reports["cnn"].threshold, reports["cnn"].threshold_from_model) == (0.5, False)


def test_held_out_kinds_stand_apart(reports: dict[str, RobustnessReport]) -> None:
    report = reports["cnn"]
    corrupted = [row for row in report.digits if row.condition.group == "corruption"]

    assert {row.condition.kind for row in corrupted if row.condition.held_out} == set(HELD_OUT_CORRUPTIONS)
    assert {row.condition.kind for row in corrupted if not row.condition.held_out} == set(TRAINED_CORRUPTIONS)
    assert len(corrupted) == 5 * (len(HELD_OUT_CORRUPTIONS) + len(TRAINED_CORRUPTIONS))
    assert {row.family for row in report.nondigits if row.held_out} == set(HELD_OUT_NONDIGITS)
    held = report.means(held_out=True)
    assert held.corruptions == pytest.approx(np.mean([row.accuracy for row in corrupted if row.condition.held_out]))
    assert held.nondigits_accepted == pytest.approx(np.mean([r.rate for r in report.nondigits if r.held_out]))


def test_a_good_network_reads_mild_corruptions_and_fails_at_severe_ones(reports: dict[str, RobustnessReport]) -> None:
    rows = {(row.condition.kind, row.condition.amount): row.accuracy for row in reports["cnn"].digits}

    assert rows["digits", None] > 0.85
    assert rows["fog", 1] > 0.95
    assert rows["shift", 1] > 0.9
    assert rows["shift", 6] < 0.6
    assert rows["rotation", 60] < 0.7


def test_the_same_seed_gives_the_same_report_and_another_does_not(few: LabelledDigits) -> None:
    once, again, other = (
        measure_robustness(_ByInk(), few, model="m", sample=20, seed=seed).as_dict() for seed in (3, 3, 4)
    )

    assert once == again
    assert once["nondigits"] != other["nondigits"]


def test_answers_that_are_no_probabilities_are_refused(few: LabelledDigits) -> None:
    with pytest.raises(DataError, match="not finite"):
        measure_robustness(_Broken(), few, model="broken", sample=10)


def test_opening_the_test_split_is_written_into_a_runs_record(make_run: MakeRun, small_npz: Path) -> None:
    run = make_run("run")
    cnn = Path(__file__).parents[2] / "src" / "inkdigits" / "modelfile" / "weights" / "cnn.onnx"
    (run.path / "model.onnx").write_bytes(cnn.read_bytes())
    before = len(run.test_openings)
    report = robustness(str(run.path), data=str(small_npz), sample=10)

    assert report.plain.n == 500
    assert len(open_run(run.path).test_openings) == before + 1 == report.test_openings


def test_the_command(main_here: Cli, tmp_path: Path, small_npz: Path) -> None:
    result = main_here(
        "robustness", "cnn", "--data", small_npz, "--sample", 20, "--json", "--html", tmp_path / "report.html"
    )
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    assert report["model"] == "cnn"
    assert report["digits"][0]["n"] == 500
    assert 0.97 < report["digits"][0]["accuracy"] <= 1
    assert set(report["means"]) == {"trained_on", "held_out"}
    assert (tmp_path / "report.html").is_file()
    assert "non-digits: 27 families" in result.stderr

    table = main_here("robustness", "dense", "--data", small_npz, "--sample", 10, "--quiet")
    assert table.returncode == 0, table.stderr
    assert table.stderr == ""
    for word in ("trained-on", "held-out", "motion_blur", "rotation, degrees", "crossed", "letters_of_held_out_fonts"):
        assert word in table.stdout


@pytest.mark.parametrize(
    ("arguments", "message"), [(("nothing.onnx",), "no such model file"), (("cnn", "--data", "x"), "no such file")]
)
def test_wrong_use_is_one_line(main_here: Cli, arguments: tuple[str, ...], message: str) -> None:
    result = main_here("robustness", *arguments)

    assert result.returncode == 2
    assert message in result.stderr.splitlines()[-1]
    assert "Traceback" not in result.stderr
