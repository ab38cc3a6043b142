# mmskin in a container: the program from its wheel, its packages, Tesseract; nothing to build with.
#
#   docker build -t mmskin .
#   docker run --rm --init --user "$(id -u):$(id -g)" -v "$PWD:/work" mmskin build
#
# docs/install.md says more. Both stages stand on one Debian, so that the environment made in the
# first finds the same Python in the second.
ARG BASE=debian:bookworm-slim

FROM ${BASE} AS build
ARG EXTRAS=review,vqa,export
# Versions are those of the Debian release, which changes them for security alone.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY constraints.txt pyproject.toml setup.py README.md LICENSE ./
COPY flows flows
COPY src src
# The environment of the program has no pip: what fills it stays behind in this stage.
RUN python3 -m venv /opt/pip \
    && /opt/pip/bin/pip install --no-cache-dir -c constraints.txt build setuptools \
    && /opt/pip/bin/python -m build --wheel --no-isolation --outdir /dist . \
    && python3 -m venv --without-pip /opt/mmskin \
    && /opt/pip/bin/pip --python /opt/mmskin/bin/python install --no-cache-dir \
        -c constraints.txt "$(echo /dist/*.whl)[${EXTRAS}]"

FROM ${BASE}
# More languages for scanned pages: --build-arg OCR_PACKAGES="tesseract-ocr-deu tesseract-ocr-fra"
ARG OCR_PACKAGES=""
# OCR_PACKAGES is several words. The user owns /work only, and any other user may take its place.
# hadolint ignore=DL3008,SC2086
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 tesseract-ocr ${OCR_PACKAGES} \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --no-create-home --home-dir /tmp mmskin \
    && install -d -o mmskin -g mmskin /work
COPY --from=build /opt/mmskin /opt/mmskin
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="mmskin-build" \
    org.opencontainers.image.description="Turn owned dermatology textbooks (PDF) into versioned image-caption data sets" \
    org.opencontainers.image.licenses="AGPL-3.0-or-later" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}"
ENV PATH=/opt/mmskin/bin:$PATH HOME=/tmp LANG=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
WORKDIR /work
# Books, ./data and ./manual_review: all that is read and written.
VOLUME ["/work"]
# As the first process of the container a program is not ended by SIGTERM; a build ends on Ctrl-C.
STOPSIGNAL SIGINT
ENTRYPOINT ["mmskin"]
CMD ["--help"]
