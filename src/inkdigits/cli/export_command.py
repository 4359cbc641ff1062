"""`export`: a trained network as a file for other programs."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from inkdigits.cli.completion import runs_here
from inkdigits.cli.options import AsJson, BackendOption, Device, DeviceName, backend_of
from inkdigits.cli.output import print_json, stoppable

__all__ = ["export"]


class Format(StrEnum):
    """A form to write a trained network in."""

    onnx = "onnx"
    keras = "keras"
    tflite = "tflite"
    saved_model = "saved_model"
    openvino = "openvino"


@stoppable()
def export(
    run: Annotated[Path, typer.Argument(help="A run's folder.", metavar="RUN", autocompletion=runs_here)],
    to: Annotated[
        Format,
        typer.Option(
            "--format",
            help="onnx and openvino take uint8 pictures and need no backend to run. keras, tflite and saved_model hold "
            "the network alone, float32 in [0, 1]; TensorFlow writes the last two (extra tflite).",
        ),
    ] = Format.onnx,
    out: Annotated[
        Path | None, typer.Option(help="The file; a new folder for saved_model and openvino. Default: in RUN.")
    ] = None,
    backend: BackendOption = None,
    device: DeviceName = Device.auto,
    as_json: AsJson = False,
) -> None:
    """Write a run's network as a file for other programs, once it was seen to answer as Keras does."""
    from inkdigits.training.run_export import export_run

    chosen = backend_of(backend, device) if backend or device is not Device.auto else None
    exported = export_run(run, to=to.value, out=out, backend=chosen)
    if as_json:
        print_json(
            {
                "out": str(exported.path),
                "format": to.value,
                "largest_difference": exported.largest_difference,
                "temperature": exported.temperature,
            }
        )
        return
    temperature = "" if exported.temperature is None else f", temperature {exported.temperature:.3f}"
    print(f"{exported.path}: differs from Keras by at most {exported.largest_difference:.1g}{temperature}")
