"""Luma as it came, with its new Cb and Cr, into the picture stream of one segment."""

import io
import os
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import av
import av.filter
import numpy as np
import torch
from av.codec.context import Flags
from av.video.stream import VideoStream

from pipelines.frames import ColouredFrame, EncodedSegment, Luma
from pipelines.media.closed_captions import captioned
from pipelines.media.grading import encoder_params, write_grading
from pipelines.media.layer import layered
from pipelines.media.luma import md5_of, outside
from pipelines.media.mask_track import MaskTrack
from pipelines.media.open import reason_of
from pipelines.media.scheduling import kept_scheduling
from pipelines.media.target import Target
from pipelines.profiles import PROFILES, Form, best_profile
from pipelines.settings import EncodeSettings

KEYFRAME_SECONDS = 4
"""Longest way from one keyframe to the next, so that a player can jump."""
MAX_DELAY = 16
"""Most frames by which an encoder reorders."""
MAX_H264_THREADS = 4
"""With more, x264's threads wait for each other and its files are larger."""
MIN_SLICED = 4
"""Pixels of the shorter side from which FFV1 divides a picture into 2 x 2 slices: each needs a sample of each plane."""
NVENC_QP = {"h264": 20, "h265": 22}
"""Quantiser of NVENC by default: as fine as the CPU's crf, or finer."""
FIELD_NUMBERS = {"progressive": 1, "top": 2, "bottom": 3}  # FFmpeg's AVFieldOrder


def segment_container(target: Target) -> str:
    """The muxer for segment files: it holds the codec, and any time base exactly."""
    return "mov" if target.codec in ("prores", "dnxhr") else "mp4"


def encoder_options(target: Target, settings: EncodeSettings) -> dict[str, str]:
    """FFmpeg's options of the encoder."""
    if settings.encoder == "nvenc":
        qp = NVENC_QP[target.codec] if settings.crf is None else settings.crf
        return {"rc": "constqp", "qp": str(qp), "preset": "p5"}
    return _cpu_options(target, settings)


def _cpu_options(target: Target, settings: EncodeSettings) -> dict[str, str]:
    crf, preset = settings.crf, settings.preset
    if target.codec == "h264":
        return {"crf": str(18 if crf is None else crf), "preset": preset or "veryfast"} | _x264_params(target)
    if target.codec == "h265":
        params = ["log-level=error", "frame-threads=2", f"pools={settings.threads}"]
        params += encoder_params(target.grading, target.codec)
        return {"crf": str(20 if crf is None else crf), "preset": preset or "veryfast", "x265-params": ":".join(params)}
    if target.codec == "av1":
        params = [f"lp={settings.threads}", *encoder_params(target.grading, target.codec)]
        return {"crf": str(24 if crf is None else crf), "preset": preset or "8", "svtav1-params": ":".join(params)}
    if target.codec in PROFILES:
        return _profile_options(target, settings.profile)
    slices = 4 if min(target.width, target.height) >= MIN_SLICED else 1
    return {"level": "3", "g": "1", "slices": str(slices), "slicecrc": "1"}


def _profile_options(target: Target, profile: str | None) -> dict[str, str]:
    """FFmpeg's options of ProRes and DNxHR, which has its own names for their profiles."""
    profile = profile or best_profile(target.codec, Form(target.chroma_format, target.bits))
    if target.codec == "dnxhr":
        return {"profile": f"dnxhr_{profile}"}
    return {"profile": "standard" if profile == "422" else profile, "vendor": "apl0"}


def _x264_params(target: Target) -> dict[str, str]:
    """x264's parameters for what FFmpeg's options cannot say: field order, grading, equal bytes on every x86 machine.

    x264's AVX-512 code reads memory that was never written (seen by filling memory first: MALLOC_PERTURB_); its AVX2
    code does not, and writes what its SSE code writes.
    """
    has_avx512 = torch.backends.cpu.get_cpu_capability().startswith("AVX512")
    params = ["asm=avx2"] if has_avx512 else []
    params += {"progressive": [], "top": ["tff=1"], "bottom": ["bff=1"]}[target.field_order]
    params += encoder_params(target.grading, target.codec)
    return {"x264-params": ":".join(params)} if params else {}


def _threads(target: Target, settings: EncodeSettings) -> int:
    """Threads of the encoder."""
    if target.codec != "h264":
        return settings.threads
    if target.field_order != "progressive":
        return 1  # with more, x264 reads memory of interlaced film that was never written, and its bytes vary
    return min(settings.threads, MAX_H264_THREADS)


def _open_stream(container: Any, target: Target, settings: EncodeSettings) -> VideoStream:
    if target.codec == "av1":
        os.environ.setdefault("SVT_LOG", "1")  # errors alone, unless somebody chose: the encoder has no option for it
    stream: VideoStream = container.add_stream(target.encoder, target.rate, options=encoder_options(target, settings))
    context = stream.codec_context
    context.width, context.height, context.pix_fmt = target.width, target.height, target.pixel_format
    context.colorspace, context.color_primaries, context.color_trc = target.matrix, target.primaries, target.transfer
    context.color_range = 2 if target.is_full_range else 1
    context.sample_aspect_ratio = target.sample_aspect_ratio
    context.time_base = stream.time_base = target.time_base
    context.thread_count = _threads(target, settings)
    if target.codec not in ("prores", "dnxhr", "ffv1"):
        context.gop_size = max(1, round(KEYFRAME_SECONDS * target.rate))
    context.field_order = FIELD_NUMBERS[target.field_order]
    if target.field_order != "progressive":
        context.flags |= Flags.interlaced_dct | Flags.interlaced_me
    with kept_scheduling():
        context.open()
    return stream


def check_encoder(target: Target, settings: EncodeSettings) -> None:
    """Opens the encoder and nothing else.

    Raises:
        ValueError: it refuses the picture's size or one of the settings.
    """
    try:
        with av.open(io.BytesIO(), "w", format=segment_container(target)) as container:
            _open_stream(container, target, settings)
    except (av.FFmpegError, ValueError) as error:
        reason = reason_of(error) if isinstance(error, av.FFmpegError) else str(error)
        picture = f"{target.width}x{target.height} {target.pixel_format}"
        raise ValueError(f"{target.codec} refuses this picture ({picture}) or a setting: {reason}") from error


class _Assembler:
    """Puts planes into frames for the encoder; a frame's memory is used again once the encoder has released it."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.frame = av.VideoFrame(target.width, target.height, target.pixel_format)
        frame: Any = self.frame  # ProRes takes its tags from the frames
        frame.colorspace, frame.color_primaries, frame.color_trc = target.matrix, target.primaries, target.transfer
        self.fields = _field_flags(target) if target.field_order != "progressive" else None
        self.lumas: list[str] = []
        """md5 of each frame's luma, which a layer need not hold."""
        self.outside: list[str] = []
        """md5 of each frame's luma outside its mask."""

    def __call__(self, coloured: ColouredFrame, pts: int) -> Any:
        self.frame.make_writable()
        luma = self.target.mapped(coloured.frame.luma)
        self.lumas.append(md5_of(luma, self.target.bits))
        mask = coloured.frame.repair.mask if coloured.frame.repair is not None else None
        self.outside.append(self.lumas[-1] if mask is None else md5_of(outside(luma, mask), self.target.bits))
        planes = layered(self.target, luma, coloured.cb, coloured.cr)
        for plane, samples in zip(self.frame.planes, planes, strict=True):
            self._fill(plane, samples)
        frame: Any = self.frame
        if self.fields is not None:
            self.fields.push(frame)
            frame = self.fields.pull()
        frame.pts, frame.time_base = pts, self.target.time_base
        return frame

    def _fill(self, plane: Any, samples: Luma) -> None:
        dtype = np.uint8 if self.target.bits == 8 else np.dtype("<u2")
        rows = np.frombuffer(memoryview(plane), dtype).reshape(plane.height, -1)
        rows[:, : plane.width] = samples


def _field_flags(target: Target) -> av.filter.Graph:
    """A graph that marks frames as interlaced: PyAV cannot set the mark on a frame."""
    graph = av.filter.Graph()
    form = av.VideoFormat(target.pixel_format)
    source = graph.add_buffer(width=target.width, height=target.height, format=form, time_base=target.time_base)
    mark = graph.add("setfield", "tff" if target.field_order == "top" else "bff")
    graph.link_nodes(source, mark, graph.add("buffersink")).configure()
    return graph


def _reorder(stored: list[int]) -> int:
    """Most places that a packet stands later in the stream than in time."""
    rank = {pts: i for i, pts in enumerate(sorted(stored))}
    return max((i - rank[pts] for i, pts in enumerate(stored)), default=0)


@dataclass(frozen=True)
class Encode:
    """The stage: a segment's coloured frames in, its file written."""

    target: Target
    settings: EncodeSettings
    has_mask: bool = False
    """Whether masks of what was mended lie in the file too, as a second picture."""

    def __call__(self, frames: Iterable[ColouredFrame], path: Path) -> EncodedSegment:
        """Writes the frames to `path`, from pts 0 on; a segment without frames leaves no file.

        Raises:
            OSError: the disk is full or the folder gone.
            ValueError: the encoder refuses the picture.
        """
        coloured_frames, codec = iter(frames), self.target.codec
        first = next(coloured_frames, None)
        if first is None:
            return EncodedSegment((), 0, 0, ())
        with av.open(path, "w", format=segment_container(self.target)) as container:
            stream, assemble = _open_stream(container, self.target, self.settings), _Assembler(self.target)
            mask = MaskTrack(container, self.target) if self.has_mask else None
            pts: list[int] = []
            shots: list[int] = []
            held: list[int] = []
            stored: list[int] = []
            captions: dict[int, bytes] = {}
            for coloured in chain([first], coloured_frames):
                pts.append(coloured.frame.pts)
                shots.append(coloured.shot)
                if coloured.frame.is_held:
                    held.append(coloured.frame.pts)
                if coloured.frame.captions and not self.target.layer:
                    captions[pts[-1] - pts[0]] = coloured.frame.captions
                if mask is not None:
                    mask.add(coloured.frame, pts[-1] - pts[0])
                packets = stream.encode(assemble(coloured, pts[-1] - pts[0]))
                mux(container, captioned(packets, captions, codec), pts, stored)
            mux(container, captioned(stream.encode(None), captions, codec), pts, stored)
        write_grading(path, self.target.grading)
        cuts = tuple(at for at, shot, before in zip(pts, shots, [0, *shots], strict=False) if shot != before)
        last = coloured.frame.duration
        return EncodedSegment(
            tuple(pts),
            last,
            _reorder(stored),
            tuple(held),
            cuts,
            lost_captions=bool(captions),
            lumas=tuple(assemble.lumas),
            outside=tuple(assemble.outside) if self.has_mask else (),
        )


def mux(container: Any, packets: Iterable[Any], shown: list[int], stored: list[int]) -> None:
    """Writes packets of a segment with dts of our own, and adds their pts to `stored`.

    x265 gives random dts to films of a frame or two; joining the segments makes new ones anyway.
    """
    for packet in packets:
        number = len(stored)
        stored.append(packet.pts)
        packet.dts = shown[number - MAX_DELAY] - shown[0] if number >= MAX_DELAY else number - MAX_DELAY
        container.mux(packet)
