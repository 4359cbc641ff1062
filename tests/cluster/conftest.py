"""Where no Ray is installed, its tests are not there either, and `make test-ray` fails for want of them."""

from __future__ import annotations

import importlib.util

if importlib.util.find_spec("ray") is None:
    collect_ignore = ["test_deploy.py", "test_experiments.py"]
