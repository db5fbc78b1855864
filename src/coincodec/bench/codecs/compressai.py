"""Learned codecs of CompressAI's model zoo, run by a Python of their own.

CompressAI pins old versions of NumPy and needs PyTorch, so it never shares our environment:
`COINCODEC_COMPRESSAI_PYTHON` names the interpreter of one that has it, with the models' weights.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import ClassVar

import numpy as np

from . import program
from .base import Codec, MissingCodecError, Rgb

VARIABLE = "COINCODEC_COMPRESSAI_PYTHON"

# The stream is what the models' own compress() returns, each string with its length, and the sizes that
# decompress() and the crop need. It is run, never imported.
SCRIPT = """
import struct, sys
import compressai, numpy as np, torch
from compressai.zoo import models
command, model, quality, source, target = sys.argv[1:]
net = models[model](quality=int(quality), metric="mse", pretrained=True).eval()
if command == "version":
    print(compressai.__version__)
elif command == "encode":
    picture = torch.from_numpy(np.load(source)).permute(2, 0, 1)[None] / 255
    height, width = picture.shape[2:]
    padded = torch.nn.functional.pad(picture, (0, -width % 64, 0, -height % 64), mode="replicate")
    with torch.no_grad():
        coded = net.compress(padded)
    with open(target, "wb") as file:
        file.write(struct.pack("<4H", height, width, *coded["shape"]))
        for (string,) in coded["strings"]:
            file.write(struct.pack("<I", len(string)) + string)
else:
    data = open(source, "rb").read()
    height, width, *shape = struct.unpack_from("<4H", data)
    strings, at = [], 8
    while at < len(data):
        length = struct.unpack_from("<I", data, at)[0]
        strings.append([data[at + 4 : at + 4 + length]])
        at += 4 + length
    with torch.no_grad():
        picture = net.decompress(strings, shape)["x_hat"].clamp(0, 1)[0, :, :height, :width]
    np.save(target, (255 * picture).round().byte().permute(1, 2, 0).numpy())
"""


class CompressAi(Codec):
    """A model of the zoo; the first byte of the stream is its quality."""

    settings = "pretrained for MSE, CPU (quality = point; loading the model counts as coding time)"
    model: ClassVar[str]

    def versions(self) -> dict[str, str]:
        if not os.environ.get(VARIABLE):
            raise MissingCodecError(f"{self.name}: set {VARIABLE} to a Python that has CompressAI and its weights")
        try:
            return {"CompressAI": self._run("version", self.points[0], "", "").strip()}
        except (OSError, RuntimeError) as error:
            last = str(error).strip().splitlines()[-1:]
            raise MissingCodecError(f"{self.name}: {VARIABLE} does not run it ({' '.join(last)})") from None

    def encode(self, picture: Rgb, point: str) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            source, target = Path(folder) / "in.npy", Path(folder) / "out.bin"
            np.save(source, picture)
            self._run("encode", point, str(source), str(target))
            return bytes([int(point)]) + target.read_bytes()

    def decode(self, data: bytes) -> Rgb:
        with tempfile.TemporaryDirectory() as folder:
            source, target = Path(folder) / "in.bin", Path(folder) / "out.npy"
            source.write_bytes(data[1:])
            self._run("decode", str(data[0]), str(source), str(target))
            return np.asarray(np.load(target))

    def _run(self, command: str, quality: str, source: str, target: str) -> str:
        python = os.environ[VARIABLE]
        return program.run([python, "-c", SCRIPT, command, self.model, quality, source, target]).decode()


class Bms(CompressAi):
    name, title, model = "bms", "BMS 2018 (CompressAI)", "bmshj2018-hyperprior"
    points = ("1", "2", "3", "4", "5", "6", "7", "8")


class Mbt(CompressAi):
    name, title, model = "mbt", "MBT 2018 (CompressAI)", "mbt2018"
    points = ("1", "2", "3", "4", "5", "6", "7", "8")


class Cst(CompressAi):
    name, title, model = "cst", "CST 2020 (CompressAI)", "cheng2020-attn"
    points = ("1", "2", "3", "4", "5", "6")
