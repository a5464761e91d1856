# Two images from one file: docker build --target gateway . and docker build --target processor .
# Each holds the libraries of its own service alone: no Polars in the one, no web server in the other.
ARG PYTHON_IMAGE=python:3.13-slim

FROM ${PYTHON_IMAGE} AS base
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
ENV PATH=/opt/sundog/bin:$PATH
RUN python3 -m venv /opt/sundog \
    && useradd --system --uid 10001 --home-dir /var/lib/sundog --create-home sundog \
    && mkdir /var/lib/sundog/storage /var/lib/sundog/work \
    && chown sundog /var/lib/sundog/storage /var/lib/sundog/work

FROM base AS wheel
WORKDIR /src
COPY requirements-build.lock ./
RUN pip install --require-hashes -r requirements-build.lock
COPY . .
RUN python3 -m hatchling build -t wheel -d /dist

# The libraries come in a layer of their own, which a change of our source leaves as it is.
FROM base AS gateway
COPY requirements-gateway.lock /
RUN pip install --require-hashes -r /requirements-gateway.lock
COPY --from=wheel /dist /dist
RUN pip install --no-deps /dist/*.whl
USER 10001
WORKDIR /var/lib/sundog
EXPOSE 8080
ENV SUNDOG_GATEWAY_HOST=0.0.0.0
# Alive, not ready: a gateway that waits for Postgres needs no new start.
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python3", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/healthz', timeout=2)"]
ENTRYPOINT ["sundog"]
CMD ["gateway"]

FROM base AS processor
COPY requirements-processor.lock /
RUN pip install --require-hashes -r /requirements-processor.lock
COPY --from=wheel /dist /dist
RUN pip install --no-deps /dist/*.whl
USER 10001
WORKDIR /var/lib/sundog
ENV SUNDOG_PROCESSOR_WORK_DIR=/var/lib/sundog/work
# It serves no port; that it lives is what its heartbeat in the database says.
HEALTHCHECK --interval=15s --timeout=10s --start-period=20s --retries=3 CMD ["sundog", "processor", "--check"]
ENTRYPOINT ["sundog"]
CMD ["processor"]
