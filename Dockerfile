# One image for every service and for the command line: `docker run tindak run intake`, `docker run tindak topics apply`.
# Python 3.13 serves as well: --build-arg PYTHON=3.13
ARG PYTHON=3.11
FROM python:${PYTHON}-slim AS base

ENV PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1

# What builds stays out of what runs.
FROM base AS wheel
WORKDIR /build
COPY requirements-build.lock ./
RUN pip install --no-deps --require-hashes --only-binary :all: -r requirements-build.lock
COPY pyproject.toml README.md LICENSE ./
COPY shared/ shared/
COPY services/ services/
COPY tindak/ tindak/
RUN pip wheel --no-deps --no-build-isolation --wheel-dir dist .

FROM base
WORKDIR /app
RUN useradd --system --uid 10001 --home-dir /app tindak

# Apart from the source, so that a changed line of code does not fetch every package again.
COPY requirements-run.lock ./
RUN pip install --no-deps --require-hashes --only-binary :all: -r requirements-run.lock
COPY --from=wheel /build/dist/ dist/
RUN pip install --no-deps --no-index dist/*.whl && rm -r dist
COPY policy/ policy/

# One service per container, so all may answer on the same port.
ENV TINDAK_POLICY_DIR=/app/policy \
    TINDAK_HEALTH_HOST=0.0.0.0 \
    TINDAK_INTAKE_HEALTH_PORT=8080 \
    TINDAK_ROUTING_HEALTH_PORT=8080 \
    TINDAK_SLA_HEALTH_PORT=8080 \
    TINDAK_NOTIFY_HEALTH_PORT=8080
EXPOSE 8080
USER tindak
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=12 \
    CMD python -c "import urllib.request as web; web.urlopen('http://127.0.0.1:8080/health/ready', timeout=4)"

ENTRYPOINT ["tindak"]
CMD ["--help"]
