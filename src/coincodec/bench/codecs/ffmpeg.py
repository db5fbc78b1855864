"""HEVC and VVC intra through the ffmpeg that imageio-ffmpeg carries (or `FFMPEG`, or the one on the PATH)."""

from __future__ import annotations

import functools
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import ClassVar

import numpy as np

from . import program
from .base import Codec, MissingCodecError, Rgb
from .yuv import from_planes, to_planes


@functools.cache
def executable() -> str:
    """Path of ffmpeg. Raises `MissingCodecError`."""
    if path := os.environ.get("FFMPEG"):
        return path
    try:
        import imageio_ffmpeg

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError):
        if path := shutil.which("ffmpeg"):
            return path
    raise MissingCodecError("ffmpeg is missing: pip install imageio-ffmpeg")


def run(*arguments: str, data: bytes | None = None) -> bytes:
    """Runs ffmpeg quietly and returns what it prints to stdout."""
    return program.run([executable(), "-nostdin", "-hide_banner", "-loglevel", "error", *arguments], data)


class FfmpegCodec(Codec):
    """A video encoder given one frame as planes of YCbCr. The file is its bare stream."""

    encoder: ClassVar[str]
    container: ClassVar[str]
    bits: ClassVar[int]
    subsample: ClassVar[bool]

    def options(self, point: str) -> list[str]:
        """Arguments of ffmpeg for a point."""
        raise NotImplementedError

    def versions(self) -> dict[str, str]:
        first = run("-version").decode().splitlines()[0]
        if self.encoder not in run("-encoders").decode().split():
            raise MissingCodecError(f"{self.name}: this ffmpeg has no {self.encoder}; pip install imageio-ffmpeg")
        found = re.search(r"version (\S+)", first)
        return {"ffmpeg": found[1] if found else first}

    @property
    def pixel_format(self) -> str:
        """ffmpeg's name of the layout of the planes."""
        return ("yuv420p" if self.subsample else "yuv444p") + ("10le" if self.bits == 10 else "")

    def encode(self, picture: Rgb, point: str) -> bytes:
        height, width, _ = picture.shape
        if self.subsample:
            picture = np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        kind = "<u2" if self.bits > 8 else "u1"
        planes = to_planes(picture, self.bits, subsample=self.subsample)
        size = f"{picture.shape[1]}x{picture.shape[0]}"
        return run(
            *("-f", "rawvideo", "-pix_fmt", self.pixel_format, "-color_range", "pc", "-s", size, "-i", "-"),
            *("-frames:v", "1", "-c:v", self.encoder, *self.options(point), "-f", self.container, "-"),
            data=b"".join(plane.astype(kind).tobytes() for plane in planes),
        )

    def decode(self, data: bytes) -> Rgb:
        with tempfile.TemporaryDirectory() as folder:
            stream, raw = Path(folder) / f"in.{self.container}", Path(folder) / "out.y4m"
            stream.write_bytes(data)
            run(
                *("-threads", "1", "-f", self.container, "-i", str(stream)),
                *("-pix_fmt", self.pixel_format, "-strict", "-1", "-f", "yuv4mpegpipe", str(raw)),
            )
            content = raw.read_bytes()
        header, _, frame = content.partition(b"\nFRAME\n")
        width, height = (int(re.search(rb" %c(\d+)" % key, header)[1]) for key in b"WH")  # type: ignore[index]
        samples = np.frombuffer(frame, "<u2" if self.bits > 8 else "u1").astype(np.uint16)
        small = (height // 2, width // 2) if self.subsample else (height, width)
        shapes = [(height, width), small, small]
        ends = np.cumsum([h * w for h, w in shapes])
        planes = [part.reshape(shape) for part, shape in zip(np.split(samples, ends[:-1]), shapes, strict=True)]
        return from_planes(planes, self.bits)


class Hevc(FfmpegCodec):
    name, title = "hevc", "HEVC intra 4:4:4 (BPG's codec)"
    settings = "x265, 4:4:4 of 8 bits, BT.601 full range, preset slow, tune=psnr (constant QP = point)"
    points = ("47", "43", "39", "35", "31", "27", "23", "19")
    encoder, container, bits, subsample = "libx265", "hevc", 8, False

    def options(self, point: str) -> list[str]:
        parameters = f"qp={point}:info=0:log-level=none:pools=none:frame-threads=1:ipratio=1"
        return ["-preset", "slow", "-tune", "psnr", "-x265-params", parameters]


class Vvc(FfmpegCodec):
    name, title = "vvc", "VVC intra 4:2:0 (vvenc)"
    settings = "vvenc, 4:2:0 of 10 bits, preset medium, no perceptual adaptation, one thread (QP = point)"
    points = ("47", "42", "37", "32", "27", "22")
    encoder, container, bits, subsample = "libvvenc", "vvc", 10, True
    adapted: ClassVar[bool] = False

    def options(self, point: str) -> list[str]:
        return ["-preset", "medium", "-qp", point, "-qpa", str(int(self.adapted)), "-threads", "1"]


class VvcEye(Vvc):
    name, title = "vvc-eye", "VVC intra 4:2:0 (vvenc) for the eye"
    settings = "vvenc, 4:2:0 of 10 bits, preset medium, perceptual adaptation, one thread (QP = point)"
    adapted = True
