"""The server behaves as /openapi.json describes: Schemathesis sends valid and invalid requests."""

from __future__ import annotations

import json
import re
import warnings
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.serving.server import Served

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import schemathesis
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        negative_data_rejection,
        response_headers_conformance,
        response_schema_conformance,
        status_code_conformance,
        unsupported_method,
    )

# Requests for each operation: as many cost as much processor time as they are.
EXAMPLES = [5, pytest.param(15, marks=pytest.mark.slow)]
# All but positive_data_acceptance: a schema cannot say which regions lie in a picture, or which models exist.
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
]


@pytest.fixture(scope="module")
def description(served: Served) -> dict[str, Any]:
    loaded: dict[str, Any] = served.get("/openapi.json").json
    return loaded


@pytest.mark.parametrize("examples", EXAMPLES)
@pytest.mark.parametrize("mode", ["positive", "negative"])
def test_every_operation_answers_as_described(served: Served, mode: str, examples: int) -> None:
    schema = schemathesis.openapi.from_url(f"{served.url}/openapi.json")
    generation = schemathesis.GenerationMode(mode)
    called = []
    for found in schema.get_all_operations():
        operation = found.ok()
        if mode == "negative" and (operation.method != "post" or operation.label == "POST /v2/repository/index"):
            continue  # has no invalid requests

        @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(case=operation.as_strategy(generation_mode=generation))
        def check(case: Any) -> None:
            called.append(case.operation.label)
            case.call_and_validate(checks=CHECKS, timeout=30)

        check()
    assert len(set(called)) >= (5 if mode == "negative" else 12)
    assert not [line for line in served.lines() if line["event"] == "internal_error"]


def test_every_operation_is_described(description: dict[str, Any]) -> None:
    assert {"/v1/read", "/v1/classify", "/v1/models", "/v1/corrections", "/v2/models/{model}/infer"} <= set(
        description["paths"]
    )
    for path, operations in description["paths"].items():
        for operation in operations.values():
            assert operation["summary"], path
    assert "inkdigits_version" not in json.dumps(description)


def test_every_type_is_defined_and_used(description: dict[str, Any]) -> None:
    referenced = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(description)))
    assert referenced == set(description["components"]["schemas"])
    assert {"Readings", "InferRequest", "InferResponse", "Problem"} <= referenced
