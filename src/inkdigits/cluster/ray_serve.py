"""The application of `inkdigits serve` on Ray Serve: as many replicas as the load requires, on all machines."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inkdigits.cluster.connect import connected
from inkdigits.cluster.retryable import ENVIRONMENT
from inkdigits.errors import ClusterError, ModelFileError, ServingError, one_line
from inkdigits.modelfile.predictor import shipped_models
from inkdigits.system.atomic_io import write_text

if TYPE_CHECKING:
    from ray.serve import Application

    from inkdigits.serving.settings import Settings

__all__ = ["NAME", "Service", "application", "checked", "deploy", "write_config"]

NAME = "inkdigits"
_BUILDER = "inkdigits.cluster.ray_serve:application"
# Of one replica, which computes on one core. Several requests at a time let it compute in batches.
_MAX_ONGOING, _TARGET_ONGOING, _MAX_QUEUED = 64, 8, 512  # requests; the last of all replicas together


@dataclass(frozen=True)
class Service:
    """What is deployed, in plain values as in its YAML. Paths are those on the cluster's machines."""

    models: tuple[str, ...] = ()  # as `inkdigits serve --model` takes them
    sha256: tuple[str, ...] = ()  # of each model's file: a file that changed is a new version
    token_file: str | None = None
    metrics_open: bool = False
    allowed_hosts: tuple[str, ...] = ()
    prefix: str = ""
    host: str = "127.0.0.1"
    port: int = 8000
    replicas: int = 1  # at least
    max_replicas: int = 1


def application(arguments: Mapping[str, Any]) -> Application:
    """What Ray Serve runs, of the fields of a `Service`; a Serve config names this function."""
    from ray import serve

    fields: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in arguments.items()}
    service = Service(**fields)
    replica = serve.deployment(serve.ingress()(_Replica), name=NAME, **_options(service))
    bound: Application = replica.bind(service)
    return bound


def _options(service: Service) -> dict[str, Any]:
    """The deployment options for the replicas, as a Serve config has them."""
    return {
        # Replicas cannot share a core.
        "ray_actor_options": {"num_cpus": 1},
        "autoscaling_config": {
            "min_replicas": service.replicas,
            "max_replicas": max(service.replicas, service.max_replicas),
            "target_ongoing_requests": _TARGET_ONGOING,
            "upscale_delay_s": 5.0,
            "downscale_delay_s": 120.0,
        },
        "max_ongoing_requests": _MAX_ONGOING,
        "max_queued_requests": _MAX_QUEUED,
        "backpressure_config": {"status_code": 503, "retry_after_s": 1.0},
        "health_check_period_s": 5.0,
        "health_check_timeout_s": 15.0,
        "graceful_shutdown_timeout_s": 40.0,
        # In an update the replicas of the old model serve until those of the new one do.
        "max_surge_percent": 100,
        "rolling_update_percentage": 0.5,
    }


class _Replica:
    """A replica: one server process. Serve builds its application once and checks its health."""

    def __init__(self, service: Service) -> None:
        _check_files(service)
        self._settings = _settings(service)

    def __serve_build_asgi_app__(self) -> Any:
        """The application of `inkdigits serve`, loaded and warm."""
        from inkdigits.serving.application import build_app

        self._app = build_app(self._settings)
        return self._app

    async def check_health(self) -> None:
        """Raise unless the application is ready; Serve replaces a replica that keeps raising or does not answer."""
        if not self._app.is_ready:
            raise RuntimeError("the application is not ready for requests")


def _settings(service: Service) -> Settings:
    from inkdigits.serving.settings import Settings, read_token

    return Settings(
        models=service.models,
        host=service.host,
        port=service.port,
        token=read_token(Path(service.token_file)) if service.token_file else None,
        token_file=Path(service.token_file) if service.token_file else None,
        metrics_open=service.metrics_open,
        allowed_hosts=service.allowed_hosts,
        prefix=service.prefix,
        access_log=False,
    )


def checked(service: Service) -> Service:
    """`service` with absolute paths and the checksums of its models, which must load here.

    Raises `ModelFileError` or `ServingError` for a model or a token that replicas could not start with.
    """
    from inkdigits.serving.models import load_models

    settings = _settings(service)
    load_models(settings.models, settings.limits).close()
    models = tuple(_absolute(model) for model in service.models)
    token_file = service.token_file and str(Path(service.token_file).resolve())
    checksums = tuple(_sha256(model) for model in models)
    return replace(service, models=models, sha256=checksums, token_file=token_file)


def _absolute(model: str) -> str:
    name, equals, path = model.rpartition("=")
    return model if path in shipped_models() else f"{name}{equals}{Path(path).resolve()}"


def _sha256(model: str) -> str:
    """The checksum of a model's file; "" for a shipped model."""
    path = Path(model.rpartition("=")[2])
    if str(path) in shipped_models():
        return ""
    file = path / "model.onnx" if path.is_dir() else path
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise ModelFileError(f"{file}: cannot be read: {error.strerror}") from error


def _check_files(service: Service) -> None:
    for model, expected in zip(service.models, service.sha256, strict=False):
        if _sha256(model) != expected:
            raise ModelFileError(
                f"{model}: not the file that was deployed (another checksum): every machine must see the same one"
            )


def deploy(service: Service, address: str = "auto") -> str:
    """Deploy `service` to the Ray cluster at `address`, or update the one that runs there, and return its URL.

    It returns once the new replicas answer. During an update the old replicas serve until then, and finish the
    requests that they accepted. Raises `ClusterError` without a cluster and when Serve listens elsewhere already,
    `ServingError` when the replicas do not start.
    """
    with connected(address, needed_by="inkdigits deploy"):
        from ray import serve

        logging.getLogger("ray.serve").setLevel(logging.ERROR)
        _check_place(service)
        service = checked(service)
        try:
            serve.start(
                proxy_location="EveryNode",
                http_options={"host": service.host, "port": service.port},
                controller_options=_controller_options(),
            )
            serve.run(application(asdict(service)), name=NAME, route_prefix="/")
        except (RuntimeError, ValueError, TimeoutError) as error:
            raise ServingError(
                f"the replicas do not start, and any earlier deployment keeps running: {one_line(error):.400}"
            ) from error
    return f"http://{service.host}:{service.port}{service.prefix}/"


def _check_place(service: Service) -> None:
    """Raise `ClusterError` when Serve runs and listens elsewhere: it would stay there, and only log a warning."""
    # The only way to ask without the dashboard.
    from ray.serve.context import _get_global_client

    running = _get_global_client(raise_if_no_controller_running=False)
    if running is None:
        return
    host, port = running.http_config.host, running.http_config.port
    if (host, port) != (service.host, service.port):
        raise ClusterError(
            f"--host {service.host} --port {service.port}: Ray Serve is already running on {host}:{port} and stays "
            f"there: give --host {host} --port {port}, or stop it first with serve shutdown"
        )


def _controller_options() -> dict[str, Any]:
    return {"runtime_env": {"env_vars": dict(ENVIRONMENT)}}


def write_config(service: Service, path: Path) -> None:
    """Write the Serve config of `service` to `path`, for `serve deploy` and KubeRay. Raises `OutputError`."""
    import yaml

    service = checked(service)
    arguments = {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(service).items()}
    config = {
        "proxy_location": "EveryNode",
        "http_options": {"host": service.host, "port": service.port},
        "controller_options": _controller_options(),
        "applications": [
            {
                "name": NAME,
                "route_prefix": "/",
                "import_path": _BUILDER,
                "args": arguments,
                "deployments": [{"name": NAME, **_options(service)}],
            }
        ],
    }
    write_text(path, yaml.safe_dump(config, sort_keys=False))
