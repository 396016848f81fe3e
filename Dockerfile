# The emulator in a container. It needs no key, and makes no outgoing connection.
#   docker build --tag wan-emulator .
#   docker run --rm --publish 127.0.0.1:8686:8686 wan-emulator
# A published port arrives at the container's own address, so the emulator listens on all addresses there. Publish the port on
# 127.0.0.1, as above: the emulator checks no key, and its admin page needs none.
FROM python:3.13-slim-trixie AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE constraints.txt ./
COPY spec spec
COPY conformance conformance
COPY wanlib wanlib
ENV PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt
RUN pip wheel --no-cache-dir --wheel-dir /wheels '.[cli,emulator]'

FROM python:3.13-slim-trixie
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index /wheels/*.whl \
    && install --directory --owner 10001 /data
USER 10001
EXPOSE 8686
# The probe ignores the proxy that a container engine may set.
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "from urllib.request import *; build_opener(ProxyHandler({})).open('http://127.0.0.1:8686/', timeout=2)"]
# Options of `wanlib serve` follow the name of the image, such as --clock manual or --data /data.
ENTRYPOINT ["wanlib", "serve", "--host", "0.0.0.0", "--port", "8686"]
