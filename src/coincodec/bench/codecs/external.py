"""Reference programs, used where they are on the PATH: bpgenc, and VTM's EncoderAppStatic."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from .base import Codec, MissingCodecError, Rgb
from .program import run
from .yuv import from_planes, to_planes


def require(program: str, codec: str, hint: str) -> None:
    """Raises `MissingCodecError` unless a program is on the PATH."""
    if shutil.which(program) is None:
        raise MissingCodecError(f"{codec}: {program} is not on the PATH ({hint})")


class Bpg(Codec):
    name, title = "bpg", "BPG (bpgenc)"
    settings = "bpgenc -f 444 -c ycbcr -b 8 -e x265 -m 8 (-q = point)"
    points = ("47", "43", "39", "35", "31", "27", "23", "19")

    def versions(self) -> dict[str, str]:
        for program in ("bpgenc", "bpgdec"):
            require(program, self.name, "https://bellard.org/bpg; codec hevc is the same encoder")
        shown = subprocess.run(["bpgenc", "-h"], capture_output=True, text=True, errors="replace", check=False)
        words = (shown.stdout + shown.stderr).split()
        return {"bpgenc": next((word for word in words if word[0].isdigit()), "unknown")}

    def encode(self, picture: Rgb, point: str) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            source, coded = Path(folder) / "in.png", Path(folder) / "out.bpg"
            Image.fromarray(picture).save(source)
            options = ["-q", point, "-f", "444", "-c", "ycbcr", "-b", "8", "-e", "x265", "-m", "8"]
            run(["bpgenc", *options, "-o", str(coded), str(source)])
            return coded.read_bytes()

    def decode(self, data: bytes) -> Rgb:
        with tempfile.TemporaryDirectory() as folder:
            coded, out = Path(folder) / "in.bpg", Path(folder) / "out.png"
            coded.write_bytes(data)
            run(["bpgdec", "-o", str(out), str(coded)])
            return np.asarray(Image.open(out).convert("RGB"))


class Vtm(Codec):
    name, title = "vtm", "VVC intra 4:4:4 (VTM)"
    settings = "EncoderAppStatic, encoder_intra_vtm.cfg, 4:4:4 of 8 bits, BT.601 full range (QP = point)"
    points = ("47", "42", "37", "32", "27", "22")

    def versions(self) -> dict[str, str]:
        for program in ("EncoderAppStatic", "DecoderAppStatic"):
            require(program, self.name, "build VTM; codec vvc is another VVC encoder")
        if not Path(os.environ.get("VTM_CFG", "")).is_file():
            raise MissingCodecError("vtm: set VTM_CFG to VTM's encoder_intra_vtm.cfg")
        shown = subprocess.run(["EncoderAppStatic"], capture_output=True, text=True, errors="replace", check=False)
        words = (shown.stdout + shown.stderr).replace("[", " ").replace("]", " ").split()
        return {"VTM": next((w for w, before in zip(words[1:], words, strict=False) if before == "Version"), "unknown")}

    def encode(self, picture: Rgb, point: str) -> bytes:
        height, width, _ = picture.shape
        with tempfile.TemporaryDirectory() as folder:
            source, coded = Path(folder) / "in.yuv", Path(folder) / "out.bin"
            planes = to_planes(picture, 8, subsample=False)
            source.write_bytes(b"".join(plane.astype(np.uint8).tobytes() for plane in planes))
            run(
                [
                    *("EncoderAppStatic", "-i", str(source), "-c", os.environ["VTM_CFG"], "-q", point),
                    *("-o", "/dev/null", "-b", str(coded), "-wdt", str(width), "-hgt", str(height)),
                    *("-fr", "1", "-f", "1", "--InputChromaFormat=444", "--InputBitDepth=8"),
                    "--ConformanceWindowMode=1",
                ]
            )
            # The decoder writes planes without their size, so it goes in front, and is counted.
            return b"".join([*(side.to_bytes(2, "little") for side in (width, height)), coded.read_bytes()])

    def decode(self, data: bytes) -> Rgb:
        width, height = int.from_bytes(data[:2], "little"), int.from_bytes(data[2:4], "little")
        with tempfile.TemporaryDirectory() as folder:
            coded, out = Path(folder) / "in.bin", Path(folder) / "out.yuv"
            coded.write_bytes(data[4:])
            run(["DecoderAppStatic", "-b", str(coded), "-o", str(out), "-d", "8"])
            planes = np.frombuffer(out.read_bytes(), np.uint8).reshape(3, height, width).astype(np.uint16)
            return from_planes(list(planes), 8)
