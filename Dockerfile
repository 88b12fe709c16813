# One file, two images:
#   docker build -t restore .                              PyTorch for the CPU
#   docker build -t restore --build-arg TORCH=cu130 .      for NVIDIA cards too, whose driver must be 580 or newer
# A film of this folder:
#   docker run --rm --user "$(id -u):$(id -g)" -v "$PWD:/films" restore film.mp4
FROM python:3.12-slim-trixie AS build
ARG TORCH=cpu
COPY . /source
RUN python -m venv /opt/restore \
 && /opt/restore/bin/pip install --no-cache-dir --extra-index-url "https://download.pytorch.org/whl/$TORCH" '/source[s3]'

FROM python:3.12-slim-trixie
# OpenCV's wheel asks for these of the system. Debian keeps one version of each in a release.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends libgl1 libglib2.0-0t64 && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/restore /opt/restore
ENV PATH=/opt/restore/bin:$PATH \
    HOME=/tmp \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility,video
RUN restore doctor
USER 65534
WORKDIR /films
ENTRYPOINT ["restore"]
CMD ["--help"]
