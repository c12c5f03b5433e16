# The one image that comes from elsewhere is named once, in full: what keeps it fresh reads no variables.
FROM python:3.13-slim AS base

# Two stages: the first builds the wheel and a virtual environment from the lock, the second holds nothing else.
FROM base AS build
WORKDIR /src
RUN python -m venv --without-pip /opt/vedette
COPY requirements/runtime.txt requirements/build.txt requirements/
RUN pip --python /opt/vedette/bin/python install --no-cache-dir --require-hashes --only-binary :all: \
        -r requirements/runtime.txt \
    && python -m venv --system-site-packages /opt/build \
    && /opt/build/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY config config
COPY quorum quorum
COPY promotion promotion
COPY sentinel sentinel
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheel . \
    && pip --python /opt/vedette/bin/python install --no-cache-dir --no-deps /wheel/*.whl

FROM base
COPY --from=build /opt/vedette /opt/vedette
# A fixed uid and gid, for file permissions on volumes. A new named volume takes over the directory's owner.
RUN groupadd --system --gid 10001 vedette \
    && useradd --system --uid 10001 --gid vedette --no-create-home --shell /usr/sbin/nologin vedette \
    && install -d -o vedette -g vedette -m 0750 /var/lib/vedette \
    && install -d -m 0755 /etc/vedette
# VEDETTE_URL: in the container, `vedette status` asks the sentinel beside it.
ENV PATH=/opt/vedette/bin:$PATH PYTHONUNBUFFERED=1 VEDETTE_URL=http://127.0.0.1:8700
USER vedette
WORKDIR /var/lib/vedette
VOLUME /var/lib/vedette
EXPOSE 8700 26379
# /healthz asks whether the process lives. Whether it has a majority is /readyz: no reason to restart it.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8700/healthz', timeout=2)"]
ENTRYPOINT ["vedette"]
CMD ["run", "-c", "/etc/vedette/vedette.yml"]
