"""Access control: allowed host names, the token where there is one, and no requests by pages of other sites."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.types import Scope

from inkdigits.errors import RequestError
from inkdigits.serving.settings import Settings, is_loopback

__all__ = ["HEALTH", "check_access", "check_token"]

HEALTH = ("/v2/health/live", "/v2/health/ready")
# The page and its parts hold no secrets; they ask for the token themselves.
_PUBLIC = frozenset({"/", "/docs", "/openapi.json", "/favicon.ico"})
_PUBLIC_FOLDERS = ("/page/", "/reader/", "/runtime/")


def check_access(settings: Settings, token: str | None, scope: Scope, headers: Mapping[str, str]) -> None:
    """Raise `RequestError` for a request that is not allowed.

    Without exactly one Host it is 400, with that of another server 421; 401 without the token; 403 when a page of
    another site sent it. `headers` have lower-case names; `scope` is that of ASGI.
    """
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    if len(hosts) > 1 or (not hosts and scope["http_version"] != "1.0"):
        raise RequestError(400, "host", f"expected one Host header, got {len(hosts)}")
    path, host = scope["path"], headers.get("host", "")
    if path in HEALTH:
        return
    if not _host_allowed(settings, host, token is not None):
        raise RequestError(421, "host", "this server does not answer for that host name: allow it with --allow-host")
    if token is not None and _needs_token(settings, path):
        check_token(token, headers)
    elif scope["method"] not in ("GET", "HEAD", "OPTIONS"):
        _check_same_origin(settings, host, scope["scheme"], headers)


def _host_allowed(settings: Settings, host: str, has_token: bool) -> bool:
    name = _without_port(host)
    if not {"*", name, host.lower()}.isdisjoint(settings.allowed_hosts):
        return True
    # A page whose host name resolves to this machine (DNS rebinding) does not have the token.
    if has_token and not settings.allowed_hosts:
        return True
    return is_loopback(name) or name == settings.host.lower()


def _without_port(host: str) -> str:
    """The name in a Host header, in lower case; an IPv6 address without its brackets."""
    name = host.rsplit(":", 1)[0] if not host.endswith("]") and ":" in host else host
    return name.strip("[]").lower()


def _needs_token(settings: Settings, path: str) -> bool:
    if path in _PUBLIC or path.startswith(_PUBLIC_FOLDERS):
        return False
    return not (path == "/metrics" and settings.metrics_open)


def check_token(expected: str, headers: Mapping[str, str]) -> None:
    """Raise `RequestError` 401 unless `headers`, whose names are in lower case, have the token."""
    scheme, _, given = headers.get("authorization", "").partition(" ")
    # In constant time, so that the delay does not reveal how much of a guess was right.
    same = hmac.compare_digest(given.strip().encode("latin-1", "replace"), expected.encode())
    if not same or scheme.lower() != "bearer":
        raise RequestError(401, "token", "a token is needed: send the header Authorization: Bearer TOKEN")


def _check_same_origin(settings: Settings, host: str, scheme: str, headers: Mapping[str, str]) -> None:
    """Raise 403 where a browser says that another site's page sent the request; programs send no such headers."""
    origin = headers.get("origin")
    if origin is None:
        cross_site = headers.get("sec-fetch-site", "none") not in ("none", "same-origin")
    else:
        cross_site = not _is_own_origin(settings, host, scheme, origin)
    if cross_site:
        raise RequestError(403, "cross-site", "sent by a page of another site: only this server's own page may")


def _is_own_origin(settings: Settings, host: str, scheme: str, origin: str) -> bool:
    try:
        address = urlsplit(origin)
    except ValueError:  # such as half an IPv6 address, which no browser sends
        return False
    if address.netloc.lower() == host.lower():
        # Behind a proxy that speaks TLS, this server may see http where the browser sees https, never the reverse.
        return address.scheme == scheme or (address.scheme == "https" and not settings.trusted_proxies)
    return address.netloc.lower() in settings.allowed_hosts
