"""`serve`: an HTTP API and a page to draw on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from inkdigits.cli.output import print_status
from inkdigits.cli.serving_options import AllowHost, NoToken, OpenMetrics, Prefix, ServedModels, TokenFile

__all__ = ["serve"]

TrustProxy = Annotated[
    list[str] | None,
    typer.Option(
        help="Believe X-Forwarded-For and X-Forwarded-Proto of the proxy at this address; repeat it for several.",
        metavar="ADDRESS",
    ),
]
Site = Annotated[
    Path | None,
    typer.Option(help="A folder that `inkdigits page` wrote: the page then reads on the device too.", metavar="DIR"),
]
LogLevelName = Annotated[
    str,
    typer.Option(
        help="Log error, warning, info (requests are info) or debug (libraries too), and what is graver.",
        metavar="LEVEL",
    ),
]


def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.", metavar="HOST")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0: any that is free.", metavar="PORT")] = 8000,
    grpc_port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Also serve the protocol over gRPC on this port; 0: any.", metavar="PORT"),
    ] = None,
    model: ServedModels = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Worker processes.", metavar="N")] = 1,
    corrections: Annotated[
        Path | None, typer.Option(help="Keep users' corrections there, one folder per class.", metavar="DIR")
    ] = None,
    token_file: TokenFile = None,
    no_token: NoToken = False,
    open_metrics: OpenMetrics = False,
    allow_host: AllowHost = None,
    trust_proxy: TrustProxy = None,
    prefix: Prefix = "",
    site: Site = None,
    log_level: LogLevelName = "info",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No access log.")] = False,
) -> None:
    """Serve the page to draw on, the API to read pictures, and the Open Inference Protocol V2."""
    from inkdigits.errors import require_extra
    from inkdigits.serving.settings import (
        Settings,
        check_bind,
        check_log_level,
        check_prefix,
        check_site,
        read_token,
    )

    for module in ("fastapi", "uvicorn", "httptools", "python_multipart", "prometheus_client"):
        require_extra(module, "serve", "inkdigits serve")
    if grpc_port is not None:
        require_extra("grpc", "grpc", "inkdigits serve --grpc-port")
    settings = Settings(
        models=tuple(model or ()),
        host=host,
        port=port,
        grpc_port=grpc_port,
        workers=workers,
        corrections=corrections,
        token=None if token_file is None else read_token(token_file),
        token_file=token_file,
        metrics_open=open_metrics,
        allowed_hosts=tuple(name.lower() for name in allow_host or ()),
        trusted_proxies=tuple(trust_proxy or ()),
        prefix=check_prefix(prefix),
        site=check_site(site),
        access_log=not quiet,
        log_level=check_log_level(log_level),
    )
    check_bind(settings, anyone=no_token)
    from inkdigits.serving.start import run

    run(settings, print_status)
