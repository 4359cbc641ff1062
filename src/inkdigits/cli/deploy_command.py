"""`deploy`: the server on a Ray cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from inkdigits.cli.output import print_status

__all__ = ["deploy"]


def deploy(
    address: Annotated[
        str, typer.Option(help="The Ray cluster: HOST:PORT, or auto for the one on this machine.", metavar="ADDRESS")
    ] = "auto",
    model: Annotated[
        list[str] | None,
        typer.Option(
            help="A shipped model, a model file, a run's folder, or NAME=PATH, as every machine sees it; several times "
            "for several, the first reads pictures. Default: all that inkdigits carries.",
            metavar="MODEL",
        ),
    ] = None,
    replicas: Annotated[int, typer.Option(min=1, help="Processes at least, of one core each.", metavar="N")] = 1,
    max_replicas: Annotated[
        int | None, typer.Option(min=1, help="Processes at most, as the load asks. Default: as many.", metavar="N")
    ] = None,
    host: Annotated[str, typer.Option(help="The address to listen on, on each machine.", metavar="HOST")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port.", metavar="PORT")] = 8000,
    token_file: Annotated[
        Path | None,
        typer.Option(help="Answer only who sends the token in this file, which every machine sees.", metavar="FILE"),
    ] = None,
    no_token: Annotated[bool, typer.Option("--no-token", help="Serve other machines without a token.")] = False,
    open_metrics: Annotated[bool, typer.Option("--open-metrics", help="/metrics needs no token.")] = False,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(help="Answer for this host name too; several times for several; '*': any.", metavar="NAME"),
    ] = None,
    prefix: Annotated[str, typer.Option(help="The path under which a proxy shows it.", metavar="/PATH")] = "",
    write: Annotated[
        Path | None,
        typer.Option(
            help="Deploy nothing: write the Serve config for serve deploy and KubeRay.", metavar="CONFIG.yaml"
        ),
    ] = None,
) -> None:
    """Serve on a Ray cluster, or bring other models onto what is served there, without a failed request."""
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
        print_status(f"{write}: bring it onto a cluster with serve deploy {write}")
        return
    url = cluster.deploy(service, address)
    print_status(f"inkdigits serves on {url}, on each machine of the cluster (serve shutdown ends it)")
