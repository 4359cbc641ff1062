"""`deploy`: the server on a Ray cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from inkdigits.cli.output import print_status
from inkdigits.cli.serving_options import AllowHost, NoToken, OpenMetrics, Prefix, ServedModels, TokenFile

__all__ = ["deploy"]


ConfigFile = Annotated[
    Path | None,
    typer.Option(help="Deploy nothing: write the Serve config for serve deploy and KubeRay.", metavar="CONFIG.yaml"),
]


def deploy(
    address: Annotated[
        str, typer.Option(help="The Ray cluster: HOST:PORT, or auto for the one on this machine.", metavar="ADDRESS")
    ] = "auto",
    model: ServedModels = None,
    replicas: Annotated[
        int, typer.Option(min=1, help="The smallest number of processes, of one core each.", metavar="N")
    ] = 1,
    max_replicas: Annotated[
        int | None,
        typer.Option(min=1, help="The largest number of processes under load. Default: --replicas.", metavar="N"),
    ] = None,
    host: Annotated[str, typer.Option(help="The address to listen on, on each machine.", metavar="HOST")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port.", metavar="PORT")] = 8000,
    token_file: TokenFile = None,
    no_token: NoToken = False,
    open_metrics: OpenMetrics = False,
    allow_host: AllowHost = None,
    prefix: Prefix = "",
    write: ConfigFile = None,
) -> None:
    """Serve on a Ray cluster, or replace the models that are served there without a failed request.

    All machines of the cluster have to see models and token under the same paths.
    """
    from inkdigits.errors import ServingError, require_extra

    for module in ("ray", "fastapi", "uvicorn", "httptools", "python_multipart", "prometheus_client"):
        require_extra(module, "cluster", "inkdigits deploy")
    if max_replicas is not None and max_replicas < replicas:
        raise ServingError(f"--max-replicas {max_replicas} is less than --replicas {replicas}")
    from inkdigits.system.atomic_io import check_new

    check_new(write, "--write")
    from inkdigits.cluster import ray_serve as cluster
    from inkdigits.serving.settings import Settings, check_bind, check_prefix, read_token

    token = None if token_file is None else read_token(token_file)
    check_bind(Settings(host=host, token=token), anyone=no_token)
    service = cluster.Service(
        models=tuple(model or ()),
        token_file=None if token_file is None else str(token_file),
        metrics_open=open_metrics,
        allowed_hosts=tuple(name.lower() for name in allow_host or ()),
        prefix=check_prefix(prefix),
        host=host,
        port=port,
        replicas=replicas,
        max_replicas=max_replicas or replicas,
    )
    if write is not None:
        cluster.write_config(service, write)
        print_status(f"{write}: deploy it with serve deploy {write}")
        return
    url = cluster.deploy(service, address)
    print_status(f"inkdigits serves on {url}, on each machine of the cluster (serve shutdown ends it)")
