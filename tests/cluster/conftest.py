"""Where no Ray is installed, its tests are not there either, and `make test-ray` fails for want of them."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ray.cluster_utils import Cluster

if importlib.util.find_spec("ray") is None:
    collect_ignore = ["test_futures.py", "test_ray_executor.py", "test_ray_serve.py", "test_ray_worker_pool.py"]


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A head that computes nothing and a machine of one core, both of them here; tests add what they lose."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    made.add_node(num_cpus=1)
    made.wait_for_nodes()
    yield made
    made.shutdown()
