# Two stages: the wheel is built in the first, and the second holds nothing that built it.
# Another base: --build-arg BASE=python:...@sha256:... (docs/guides/operating.md).
ARG BASE=python:3.13.15-slim-bookworm@sha256:ed86c82274b3c69b52fb5820f358f0bd7df0b603332063cb5c6e32bd220c3e6e
FROM ${BASE} AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE NOTICE CHANGELOG.md ./
COPY src src
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM ${BASE}
# Everything that is installed is pinned with its checksum.
COPY requirements/serve.txt /tmp/serve.txt
COPY containers/health_check.py /health_check.py
COPY --from=build /wheels /wheels
RUN pip install --no-cache-dir --require-hashes --requirement /tmp/serve.txt \
    && pip install --no-cache-dir --no-deps /wheels/*.whl \
    && rm -r /wheels /tmp/serve.txt \
    && python -m compileall -q /usr/local/lib/python3.13/site-packages \
    && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin inkdigits \
    && install --directory --owner=10001 --group=10001 /corrections
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 TMPDIR=/tmp
USER 10001:10001
EXPOSE 8000
# It asks the address that the command or its variables name.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["python", "/health_check.py"]
# Without a token it refuses to listen beyond loopback: mount one, or say --no-token.
ENTRYPOINT ["inkdigits", "serve", "--host", "0.0.0.0"]
CMD ["--workers", "2", "--token-file", "/run/secrets/token"]
