# Two stages: the wheel is built in the first, and the second holds nothing that built it.
# The digest to build on is the caller's to name (docs/guides/operating.md): --build-arg BASE=python:...@sha256:...
ARG BASE=python:3.13-slim-bookworm
FROM ${BASE} AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE NOTICE CHANGELOG.md ./
COPY src src
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM ${BASE}
# Everything that is installed is pinned with its checksum.
COPY requirements/serve.txt /tmp/serve.txt
COPY --from=build /wheels /wheels
RUN pip install --no-cache-dir --require-hashes --requirement /tmp/serve.txt \
    && pip install --no-cache-dir --no-deps /wheels/*.whl \
    && rm -r /wheels /tmp/serve.txt \
    && python -m compileall -q /usr/local/lib/python3.13/site-packages \
    && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin inkdigits \
    && install --directory --owner=10001 --group=10001 /corrections
# Another port is set by this variable, which the health check reads too.
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 TMPDIR=/tmp INKDIGITS_SERVE_PORT=8000
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ['INKDIGITS_SERVE_PORT']}/v2/health/ready\", timeout=2)"]
# Without a token it refuses to listen beyond loopback: mount one, or say --no-token.
ENTRYPOINT ["inkdigits", "serve", "--host", "0.0.0.0"]
CMD ["--workers", "2", "--token-file", "/run/secrets/token"]
