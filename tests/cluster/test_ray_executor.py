"""Seeds and searches on a real Ray of two machines, whose workers are killed and which loses one of them."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ray.cluster_utils import Cluster

from inkdigits.cluster.ray_executor import ray_executor
from inkdigits.errors import ClusterError, RecipeError
from inkdigits.experiments.seeds import SeedResult, train_seeds
from inkdigits.experiments.tune import Search, run_search
from inkdigits.training.recipes import named_recipe, with_hyperparameters
from tests.conftest import Cli

pytestmark = [pytest.mark.ray, pytest.mark.timeout(300), pytest.mark.filterwarnings("ignore")]

HYPERPARAMETERS = {"epochs": 4, "patience": 0}


def _seeds(out: Path, small_npz: Path, **more: Any) -> list[SeedResult]:
    recipe = with_hyperparameters(named_recipe("standard", "convnet"), HYPERPARAMETERS)
    summary = train_seeds("convnet", n=2, recipe=recipe, data=str(small_npz), out=out, **more)
    return [replace(result, train_seconds=None) for result in summary.runs]


def _when(there: Callable[[], bool], work: Future[Any]) -> None:
    """Wait until something is there that `work` brings about."""
    deadline = time.monotonic() + 120
    while not there():
        assert time.monotonic() < deadline
        if work.done():
            pytest.fail(f"ended before: {work.result()}")
        time.sleep(0.02)


def _trainers() -> list[int]:
    """The processes in which Ray runs our functions."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if command.startswith(b"ray::_run_in"):
            found.append(int(folder.name))
    return found


def test_seeds_outlive_a_killed_worker_and_a_lost_machine(cluster: Cluster, small_npz: Path, tmp_path: Path) -> None:
    alone = _seeds(tmp_path / "alone", small_npz)
    second = cluster.add_node(num_cpus=1)
    out = tmp_path / "seeds"
    with ray_executor(cluster.address) as executor, ThreadPoolExecutor(1) as thread:
        result = thread.submit(_seeds, out, small_npz, executor=executor)
        _when(lambda: len(list(out.glob("seed-*/checkpoints/epoch-*"))) == 2, result)
        os.kill(_trainers()[0], signal.SIGKILL)
        _when(lambda: any(path.name >= "epoch-00002" for path in out.glob("seed-*/checkpoints/epoch-*")), result)
        cluster.remove_node(second, allow_graceful=False)
        assert result.result(timeout=200) == alone


def test_a_lost_trial_is_run_again_with_its_hyperparameters(cluster: Cluster, small_npz: Path, tmp_path: Path) -> None:
    import optuna

    storage = f"sqlite:///{tmp_path / 'trials.db'}"
    fixed = {"epochs": 12, "schedule": "constant"}
    search = Search("convnet", hyperparameters=fixed, data=str(small_npz), trials=2, storage=storage, study="lost")
    study = optuna.create_study(study_name="lost", storage=storage)
    with ray_executor(cluster.address) as executor, ThreadPoolExecutor(1) as thread:
        result = thread.submit(run_search, search, out=tmp_path / "out", executor=executor)

        _when(lambda: any(trial.intermediate_values for trial in study.get_trials()), result)
        os.kill(_trainers()[0], signal.SIGKILL)
        found = result.result(timeout=200)
    assert found.finished + found.pruned == 2
    trials = study.get_trials()
    assert trials[0].state.name == "FAIL"
    assert trials[1].params == trials[0].params
    assert trials[1].state.is_finished()
    assert len(trials) == 3


def _only_here() -> None:
    """What no worker can import."""


def test_a_functions_own_error_and_folder_arrive(cluster: Cluster, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    with ray_executor(cluster.address) as executor:
        assert executor.submit(os.getcwd).result(60) == str(tmp_path)
        error = executor.submit(named_recipe, "brusk", "dense").exception(60)
        other = executor.submit(_only_here).exception(60)
    assert type(error) is RecipeError
    assert str(error).startswith("unknown recipe 'brusk' (did you mean brisk?)")
    assert type(other) is ClusterError
    assert str(other).startswith("a worker of the cluster cannot start (System error: No module named 'tests'")
    assert "\n" not in str(other)


def test_more_than_any_machine_has_is_refused(cluster: Cluster) -> None:
    with (
        pytest.raises(ClusterError, match="no machine of the cluster has 8 cores and 1 GPUs"),
        ray_executor(cluster.address, cores=8, gpus=1),
    ):
        pass


def test_the_command_runs_on_the_cluster(cli: Cli, cluster: Cluster, small_npz: Path, tmp_path: Path) -> None:
    out = tmp_path / "seeds"
    arguments = ["seeds", "dense", "-n1", f"--data={small_npz}", f"--out={out}", "--set=epochs=1", "--quiet", "--json"]
    result = cli(*arguments, "--engine=ray", f"--address={cluster.address}")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["seeds"] == 1
    assert result.stderr == ""
