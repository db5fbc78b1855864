"""Files that every decoder reads: each feature and limit of the format."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

import numpy as np

from conformance.models import File, Latent, siren_coded, siren_half, siren_of

FORMATS = {"grey8": 0, "greyalpha8": 1, "rgb8": 2, "rgba8": 3, "grey16": 4, "greyalpha16": 5, "rgb16": 6, "rgba16": 7}

EXIF = b"II*\0" + struct.pack("<IHHHIII", 8, 1, 0x0112, 3, 1, 1, 0)
XMP = '<x:xmpmeta xmlns:x="adobe:ns:meta/">ü</x:xmpmeta>'.encode()


def profile(space: bytes) -> bytes:
    """The beginning of an ICC profile that no program could convert by: what decoders check, and no more."""
    header = bytearray(132)
    header[12:20] = b"mntr" + space
    header[36:40] = b"acsp"
    body = bytes(header) + b"made up"
    return struct.pack(">I", len(body)) + body[4:]


def corner(shape: tuple[int, int], **values: int) -> np.ndarray:
    """Zeros but for the values, from the first one on."""
    grid = np.zeros(shape, np.int64)
    grid.flat[: len(values)] = list(values.values())
    return grid


def _siren() -> dict[str, Callable[[], bytes]]:
    cases: dict[str, Callable[[], bytes]] = {}
    for number, (name, sample_format) in enumerate(FORMATS.items()):
        file = File(9, 6, sample_format)
        cases[f"siren-half-{name}"] = lambda n=number, f=file: siren_half(n, 2, 5, f)
        cases[f"siren-coded-{name}"] = lambda n=number, f=file: siren_coded(n + 10, 2, 5, f)
    still = [np.zeros((1, 3)), np.array([[0, 0.25]])]
    return {
        **cases,
        "siren-smallest": lambda: siren_half(20, 1, 1, File(1, 1)),
        "siren-one-row": lambda: siren_half(21, 2, 4, File(40, 1)),
        "siren-one-column": lambda: siren_half(22, 2, 4, File(1, 40)),
        "siren-widest-picture": lambda: siren_of(still, File(2**20, 1)),
        "siren-highest-picture": lambda: siren_of(still, File(1, 2**20)),
        "siren-64-layers": lambda: siren_half(23, 64, 2),
        "siren-256-features": lambda: siren_coded(24, 1, 256, File(5, 4)),
        "siren-coded-64-layers": lambda: siren_coded(25, 64, 2, step=90),
        # The largest rows, of numbers that binary32 holds: sin(4096 x), and 4094 times sin(0).
        "siren-row-of-4096": lambda: siren_of(
            [np.array([[0, 0, 0], [0, 4096, 0]]), np.array([[4094, -1, 1]])], File(8, 3)
        ),
        "siren-beyond-0-and-1": lambda: siren_of(
            [np.array([[0, 3, 0], [3, 0, 0]]), np.eye(3)[:2, [0, 1, 2]]], File(9, 9, 5)
        ),
        "siren-half-subnormal": lambda: siren_of(
            [np.array([[6e-8, -6e-8, -0.0]]), np.array([[1000, 0.5]])], File(5, 5, 4)
        ),
        "siren-step-0": lambda: siren_coded(26, 1, 2, step=0, last=60, special={(0, 0, 0): 1}),
        "siren-step-255": lambda: siren_coded(27, 1, 2, step=255),
        # The least and the largest scale codes; magnitudes that need all 17 bits of an escape, and raw bits.
        "siren-scale-0": lambda: siren_coded(28, 1, 3, step=100, scales=(0, 0)),
        "siren-scale-159": lambda: siren_coded(29, 1, 3, step=100, scales=(159, 159)),
        "siren-longest-escape": lambda: siren_coded(
            30, 1, 1, step=150, scales=(0, 0), special={(0, 0, 0): 4 + 2**17 - 1, (0, 0, 1): -4 - 2**17 + 1}
        ),
        "siren-largest-integer": lambda: siren_coded(
            31,
            1,
            1,
            step=255,
            scales=(159, 159),
            special={(0, 0, 0): (2**17 + 127) * 2**13 + 4095, (0, 0, 1): 2**25 + 1},
        ),
        "siren-rounded-to-even": lambda: siren_coded(
            32, 1, 2, File(9, 9, 4), step=200, scales=(150, 120), special={(0, 0, 0): 2**23 + 1, (0, 1, 0): -3}
        ),
        # Weights that are 0 throughout take no byte at all.
        "siren-steps-fall": lambda: siren_coded(33, 3, 4, File(9, 6, 2), step=60, scales=(70, 100)),
    }


def _around() -> dict[str, Callable[[], bytes]]:
    def with_sections(before: list[tuple[int, bytes]], after: list[tuple[int, bytes]], sample_format: int = 2) -> bytes:
        return siren_half(50, 1, 2, File(4, 3, sample_format, before, after))

    pack = zlib.compress
    return {
        "colour-display-p3": lambda: with_sections([(112, bytes([12, 13]))], []),
        "colour-pq": lambda: with_sections([(112, bytes([9, 16]))], [], 6),
        "colour-said-to-be-srgb": lambda: with_sections([(112, bytes([1, 13]))], []),
        "colour-unknown-points": lambda: with_sections([(112, bytes([255, 254]))], [], 0),
        "colour-profile": lambda: with_sections([(113, pack(profile(b"RGB ")))], []),
        "colour-profile-grey": lambda: with_sections([(113, pack(profile(b"GRAY"), 0))], [], 1),
        "metadata-exif": lambda: with_sections([], [(240, pack(EXIF))]),
        "metadata-xmp": lambda: with_sections([], [(241, pack(XMP))]),
        "metadata-xmp-empty": lambda: with_sections([], [(241, pack(b""))]),
        "metadata-resolution": lambda: with_sections([], [(242, struct.pack("<II", 1, 2**32 - 1))]),
        "metadata-all": lambda: with_sections(
            [(112, bytes([1, 8]))], [(240, pack(EXIF)), (241, pack(XMP)), (242, struct.pack("<II", 30000, 7200))]
        ),
        "metadata-first": lambda: with_sections([(242, struct.pack("<II", 100, 200)), (112, bytes([9, 1]))], []),
        "ancillary-unknown": lambda: with_sections(
            [(128, b""), (255, bytes(300))], [(200, b"anything"), (200, b"twice")]
        ),
        "sections-255": lambda: with_sections([(129, b"")] * 127, [(254, b"x")] * 127),
    }


def _latent() -> dict[str, Callable[[], bytes]]:
    cases: dict[str, Latent] = {}
    for number, (name, sample_format) in enumerate(FORMATS.items()):
        cases[name] = Latent(number, File(17, 13, sample_format), magnitudes=number % 3 > 0)
    # Halves of sides that are rounded up, once, always, never; more grids than the picture has halves.
    for number, (width, height) in enumerate([(16, 16), (33, 17), (31, 15), (1, 21), (21, 1), (2, 3)]):
        cases[f"size-{width}x{height}"] = Latent(20 + number, File(width, height, 2 if number % 2 else 0), levels=5)
    for number in range(1, 15):
        cases[f"neighbours-{number}"] = Latent(40 + number, File(8, 7), 2, number, number % 3)
    for features in (0, 1, 8):
        cases[f"features-{features}"] = Latent(60 + features, File(13, 11), 5, 3, features)
    starts = [(1, 0, 2, 4), (2, -64, 0, 9), (3, 63, 3, 1), (4, 5, 1, 12), (5, -9, 2, 7), (6, 20, 4, 2), (2, 17, 7, 3)]
    for number, e, sample_format, levels in starts:
        size = (12, 4, 16, 4) if number < 4 else (14, 6, 32, 8)
        calm = {("output biases", 1, 0): 60}
        bits = dict.fromkeys(("context 1 weights", "context 2 weights", "output weights"), 7 if e < 60 else 1)
        file = File(11, 9, sample_format)
        name = f"start-{number}-e{e}-{levels}-grids"
        cases[name] = Latent(80 + number, file, levels, *size, values=calm, bits=bits, start=(number, e), spread=0.7)
    # Networks that are codes of a start.
    codes = {"none": (0,) * 32, "few": (0, 3, *[0] * 29, -1), "many": tuple((7 * k) % 19 - 9 for k in range(32))}
    coded = [(7, 0, 2, 7, "none"), (8, -3, 0, 9, "few"), (9, 16, 3, 3, "many"), (10, -20, 2, 5, "many")]
    coded += [(11, 2, 1, 12, "few"), (12, 10, 2, 7, "many")]
    for number, e, sample_format, levels, kind in coded:
        file = File(11, 9, sample_format)
        cases[f"codes-{kind}-of-{number}-e{e}-{levels}-grids"] = Latent(
            120 + number, file, levels, 14, 6, 32, 8, start=(number, e), codes=codes[kind], spread=0.7
        )
    tiled = {
        "tiles-32": Latent(100, File(70, 40), 4, 3, 1, 2, 0, tiles=[5, 5, 5, 5], spread=0.5),
        "tiles-of-many-sides": Latent(101, File(67, 70), 3, 2, 1, 2, 0, tiles=[6, 5, 20], spread=0.4),
        "tiles-with-start": Latent(
            102,
            File(34, 33),
            2,
            12,
            4,
            16,
            4,
            tiles=[5, 5],
            start=(2, 3),
            spread=0.3,
            values={("output biases", 1, 0): 60},
        ),
        "tiles-of-zeros": Latent(
            103, File(70, 66), 2, 2, 2, 2, 0, tiles=[5, 6], grids={0: corner((66, 70), a=3, b=-1)}
        ),
        "tiles-all-of-zeros": Latent(
            104, File(40, 33), 2, tiles=[5, 5], grids={0: np.zeros((33, 40), int), 1: np.zeros((17, 20), int)}
        ),
        # What lies below all that has a symbol of its own, by one, is a code without bytes.
        "tiles-of-one-byte-0": Latent(
            105,
            File(2, 1),
            2,
            1,
            0,
            tiles=[5, 5],
            grids={0: np.array([[1, 0]]), 1: np.array([[-3]])},
            values={"context 1 biases": 0, "context 2 biases": 0, "output biases": [[0], [0]]},
        ),
        "latents-whole-in-no-byte": Latent(
            106, File(1, 1), 1, 1, 0, grids={0: np.array([[-3]])}, values={"output biases": [[0], [0]]}
        ),
    }
    quiet = {"first weights": 0, "second weights": 1, "filters": 0}
    fine = {"second weights": 14}
    steep = {("output weights"): 0}
    limits = {
        # What docs/format.md takes apart.
        "worked-example": Latent(
            109,
            File(3, 2),
            2,
            1,
            1,
            1,
            0,
            values={
                "context 1 weights": [[3, 1], [-2, 4]],
                "context 1 biases": [[5], [-1]],
                "context 2 weights": [[-1, 2], [3, 1]],
                "context 2 biases": [[2], [3]],
                "output weights": [[1, 0, -6, 4], [6, 3, 2, -1]],
                "output biases": [[1], [60]],
                "features": [[20]],
                "filters": [[1, -2, 3, 0]],
                "first weights": [[12, -5]],
                "first biases": [[4]],
                "second weights": [[9, 20, 14]],
                "second biases": [[128]],
            },
            bits={"context 1 weights": 4, "context 2 weights": 4, "output weights": 4},
            grids={0: np.array([[2, 0, -1], [-5, 1, 3]]), 1: np.array([[4, -2]])},
        ),
        "smallest": Latent(110, File(1, 1), 1, 1, 0, 1, 0),
        "12-grids": Latent(111, File(9, 5), 12, 2, 3, 2, 1),
        "64-hidden": Latent(112, File(6, 5, 2), 2, 1, 0, 64, 0),
        "16-block": Latent(113, File(6, 5, 3), 2, 1, 0, 1, 16),
        "largest-networks": Latent(114, File(6, 5, 2), 12, 14, 8, 64, 16),
        "largest-latents": Latent(
            115,
            File(6, 2),
            2,
            3,
            1,
            1,
            0,
            values=quiet,
            bits=fine,
            grids={0: np.array([[32768, -32768, 255, 256, -255, -256]] * 2), 1: np.array([[32768, -32768, 300]])},
        ),
        "largest-mean": Latent(
            116,
            File(5, 4),
            1,
            2,
            0,
            values={"output biases": [[2**24], [-64]]},
            bits={"output biases": 14, "output weights": 8},
        ),
        "least-mean": Latent(
            117,
            File(5, 4),
            1,
            2,
            0,
            values={"output biases": [[-(2**24)], [64]]},
            bits={"output biases": 14, "output weights": 8},
        ),
        "scale-0": Latent(118, File(6, 5), 2, 2, 1, values={**steep, "output biases": [[7], [-300]]}),
        "scale-223": Latent(119, File(6, 5), 2, 2, 1, values={**steep, "output biases": [[-9], [300]]}),
        "scale-below-16": Latent(120, File(6, 5), 2, 2, 1, values={**steep, "output biases": [[3], [31]]}, spread=0.3),
        "fewest-bits": Latent(
            121,
            File(6, 5),
            3,
            3,
            2,
            bits=dict.fromkeys(BITS_OF_ALL, 1),
            values={name: 0 for name in BITS_OF_ALL if "biases" not in name}
            | {
                "second biases": 1,
                "context 1 biases": 40,
                "output biases": [[200], [20]],
                "filters": [[0, 1, 0, 0]] * 2,
                "second weights": 1,
                ("context 1 weights", 0, 1): -3,
                ("output weights", 0, 1): 1,
            },
            spread=0.3,
        ),
        "most-bits": Latent(
            122,
            File(6, 5),
            2,
            3,
            2,
            bits=dict.fromkeys(BITS_OF_ALL, 14),
            values={"context 1 weights": [[9, -900, 5, 77, 20]] * 5, "output biases": [[-9000], [50000]]},
        ),
        "finest-biases": Latent(
            123,
            File(6, 5),
            2,
            3,
            1,
            bits={
                "context 1 weights": 1,
                "context 1 biases": 8,
                "context 2 weights": 7,
                "context 2 biases": 14,
                "output weights": 5,
                "output biases": 12,
            },
            values={
                "context 1 biases": [[100], [-301], [77], [3]],
                "context 1 weights": 0,
                "context 2 weights": 1,
                "context 2 biases": [[9999], [-5555], [1], [0]],
                "output biases": [[500], [9000]],
                "output weights": 3,
            },
        ),
        # 2^31 is out of reach of the sums by less than one more unit of a weight.
        "largest-sums": Latent(
            124,
            File(8, 6),
            2,
            4,
            0,
            bits={"context 1 weights": 1, "context 1 biases": 1, **fine},
            values={
                "context 1 weights": [
                    [32765, 32767, 0, 0],
                    [32767, -2, 32767, 0],
                    [-32767, 0, -32769, 0],
                    [0, 0, 0, 32765],
                ],
                "context 1 biases": [[100], [0], [-100], [2**14]],
                **quiet,
            },
            grids={0: np.arange(48).reshape(6, 8) * 17 - 400, 1: np.full((3, 4), 300)},
        ),
        "largest-features": Latent(
            125,
            File(8, 6),
            4,
            1,
            2,
            bits={"features": 1, **fine},
            values={"features": [[2**20, -(2**20), 1] * 4], **quiet},
            grids={1: np.arange(12).reshape(3, 4) * 50 - 300, 2: np.array([[255, -255]] * 2), 3: np.array([[-400]])},
        ),
        "scale-codes-of-networks": Latent(
            126, File(5, 5), 2, 2, 1, scales={"context 1 weights": 0, "context 2 weights": 159, "second weights": 100}
        ),
        "beyond-0-and-1": Latent(127, File(9, 9, 2), values={"second biases": [[-100], [128], [500]]}),
    }
    cases |= tiled | limits
    return {f"latent-{name}": model.write for name, model in cases.items()}


BITS_OF_ALL = (
    *(
        "context 1 weights",
        "context 1 biases",
        "context 2 weights",
        "context 2 biases",
        "output weights",
        "output biases",
    ),
    *("features", "filters", "first weights", "first biases", "second weights", "second biases"),
    *("block weights", "block biases", "mix"),
)

CASES = _siren() | _around() | _latent()
