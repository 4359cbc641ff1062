"""Access control: allowed host names, the token where there is one, and no requests by pages of other sites."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from urllib.parse import urlsplit

from inkdigits.errors import RequestError
from inkdigits.serving.settings import Settings, is_loopback

__all__ = ["HEALTH", "check_access"]

HEALTH = ("/v2/health/live", "/v2/health/ready")
# The page and its parts hold no secrets; they ask for the token themselves.
_PUBLIC = frozenset({"/", "/docs", "/openapi.json", "/favicon.ico"})
_PUBLIC_FOLDER = "/page/"


def check_access(settings: Settings, method: str, path: str, headers: Mapping[str, str]) -> None:
    """Raise `RequestError` for a request that is not allowed: 421 another host, 401 without the token, 403 cross-site.

    `headers` have lower-case names.
    """
    if path in HEALTH:
        return
    host = headers.get("host", "")
    if not _host_allowed(settings, host):
        raise RequestError(421, "host", "this server does not answer for that host name: allow it with --allow-host")
    if _needs_token(settings, path):
        _check_token(settings, headers)
    elif method not in ("GET", "HEAD", "OPTIONS"):
        _check_same_origin(settings, host, headers)


def _host_allowed(settings: Settings, host: str) -> bool:
    name = _without_port(host)
    if "*" in settings.allowed_hosts or name in settings.allowed_hosts:
        return True
    # A page whose host name resolves to this machine (DNS rebinding) does not have the token.
    if settings.token is not None and not settings.allowed_hosts:
        return True
    return is_loopback(name) or name == settings.host.lower()


def _without_port(host: str) -> str:
    """The name in a Host header, in lower case; an IPv6 address without its brackets."""
    name = host.rsplit(":", 1)[0] if not host.endswith("]") and ":" in host else host
    return name.strip("[]").lower()


def _needs_token(settings: Settings, path: str) -> bool:
    if settings.token is None or path in _PUBLIC or path.startswith(_PUBLIC_FOLDER):
        return False
    return not (path == "/metrics" and settings.metrics_open)


def _check_token(settings: Settings, headers: Mapping[str, str]) -> None:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    expected = (settings.token or "").encode()
    # In constant time, so that the delay does not reveal how much of a guess was right.
    if not hmac.compare_digest(token.strip().encode("latin-1", "replace"), expected) or scheme.lower() != "bearer":
        raise RequestError(401, "token", "a token is needed: send the header Authorization: Bearer TOKEN")


def _check_same_origin(settings: Settings, host: str, headers: Mapping[str, str]) -> None:
    """Raise 403 where a browser says that another site's page sent the request; programs send no such headers."""
    origin = headers.get("origin")
    if origin is None:
        cross_site = headers.get("sec-fetch-site", "none") not in ("none", "same-origin")
    else:
        cross_site = not _is_own_origin(settings, host, origin)
    if cross_site:
        raise RequestError(403, "cross-site", "sent by a page of another site: only this server's own page may")


def _is_own_origin(settings: Settings, host: str, origin: str) -> bool:
    try:
        address = urlsplit(origin)
    except ValueError:  # such as half an IPv6 address, which no browser sends
        return False
    return address.netloc.lower() == host.lower() or (address.hostname or "") in settings.allowed_hosts
