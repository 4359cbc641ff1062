"""The unit and the manifest of the operating guide: what validators say, and what must stand in them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from inkdigits.cli import app
from tests.test_documentation import ROOT, blocks_of

PAGE = ROOT / "docs" / "guides" / "operating.md"


def _block(language: str) -> str:
    (text,) = (block.text for block in blocks_of(PAGE) if block.language == language)
    return text


def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail("systemd-analyze is not installed: apt-get install systemd")
        pytest.skip("needs systemd-analyze: apt-get install systemd")
    # Only the program's place differs from machine to machine.
    (tmp_path / "inkdigits.service").write_text(_block("ini").replace("/opt/inkdigits/bin/inkdigits", "/bin/true"))
    result = subprocess.run(
        [program, "verify", "--recursive-errors=no", str(tmp_path / "inkdigits.service")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, [line for line in result.stderr.splitlines() if "inkdigits.service" in line]) == (0, [])


def test_kubernetes_knows_every_field_of_the_manifest() -> None:
    import kubernetes_validate  # late, since its jsonschema takes over a second

    deployment, service = yaml.safe_load_all(_block("yaml"))
    for document in (deployment, service):
        kubernetes_validate.validate(document, kubernetes_validate.latest_version(), strict=True)
    deployment["spec"]["template"]["spec"]["containers"][0]["livenesProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError, match="livenesProbe"):
        kubernetes_validate.validate(deployment, kubernetes_validate.latest_version(), strict=True)


def test_the_manifest_gives_no_rights_and_has_probes() -> None:
    deployment, service = yaml.safe_load_all(_block("yaml"))
    pod: dict[str, Any] = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert re.fullmatch(r".*@sha256:[0-9a-f]{64}", container["image"])
    (port,) = container["ports"]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"]["port"] == port["name"]
    settings = {one["name"]: one["value"] for one in container["env"]}
    assert int(settings["INKDIGITS_SERVE_PORT"]) == port["containerPort"]
    assert service["spec"]["selector"] == deployment["spec"]["template"]["metadata"]["labels"]


def test_every_variable_that_the_guide_names_is_an_option() -> None:
    commands = get_command(app).commands  # type: ignore[attr-defined]
    known = {
        f"INKDIGITS_{name}_{option.name}".upper()
        for name, command in commands.items()
        for option in command.params
        if option.param_type_name == "option"
    }
    named = set(re.findall(r"INKDIGITS_[A-Z_]*[A-Z]", PAGE.read_text())) - {"INKDIGITS_COMMAND_OPTION"}
    assert len(named) >= 4
    assert named <= known
