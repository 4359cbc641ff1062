#!/bin/sh
# Pins every set with hashes and without any index's address. Needs uv, which only compiles here and installs nothing.
set -eu
cd "$(dirname "$0")/.."
pin() {
    uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-annotate \
        --fork-strategy fewest --python-version 3.11 pyproject.toml --constraint requirements/constraints.txt "$@"
}
extras="--extra train --extra tune --extra tensorboard --extra mlflow --extra exercise --extra openvino --extra serve --extra grpc --extra telemetry --extra pdf --extra heic --extra cluster"
# The development set first: the others take its versions, so that one environment can hold both.
pin $extras --group dev --group build --output-file requirements/dev.txt
pin $extras --group build --constraint requirements/dev.txt --output-file requirements/run.txt
pin --extra serve --extra pdf --extra heic --constraint requirements/dev.txt --output-file requirements/serve.txt
pin --extra train --extra exercise --extra openvino --group test --group build --constraint requirements/dev.txt \
    --output-file requirements/test.txt
pin --extra tflite --extra exercise --group test --group build --output-file requirements/tensorflow.txt
