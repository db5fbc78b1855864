"""Files that ask for more than anyone has: most of less than 200 bytes, and none takes much memory to be refused."""

from __future__ import annotations

from conformance.broken import (
    MODEL,
    WEIGHTS,
    Case,
    bomb,
    corrupt,
    header,
    inflating,
    latent,
    logistic,
    siren,
    tiled,
    truncated,
)


def cases() -> dict[str, Case]:
    first, _ = MODEL.sections()
    everything = bytes([12, 14, 8, 64, 16, 1])
    side = 2**20
    return {
        "bomb-2-40-pixels": bomb("1048576x1048576", lambda: siren(size=(side, side))),
        "bomb-2-40-pixels-latent": bomb("1048576x1048576", lambda: latent(size=(side, side))),
        "bomb-2-40-pixels-of-16-bits": bomb("1048576x1048576", lambda: siren(size=(side, side), sample_format=7)),
        "bomb-2-40-pixels-largest-networks": bomb(
            "1048576x1048576", lambda: latent((1, b""), (2, b""), parameters=everything, size=(side, side))
        ),
        "bomb-2-40-pixels-in-tiles": bomb("1048576x1048576", lambda: tiled(b"\5\5", [0] * 40, b"", (side, side))),
        "bomb-2-40-pixels-in-one-tile": bomb("1048576x1048576", lambda: tiled(b"\x14\x14", [0, 0], b"", (side, side))),
        "bomb-one-row-too-many": bomb("16384x16385", lambda: siren(size=(2**14, 2**14 + 1))),
        "bomb-just-too-wide": bomb("1048576x257", lambda: siren(size=(side, 257))),
        "bomb-work-of-siren": bomb(
            "multiply-accumulates", lambda: siren((2, b""), parameters="40FF", size=(2**14, 2**14))
        ),
        "bomb-work-of-siren-narrow": bomb(
            "multiply-accumulates", lambda: siren((2, b""), parameters="40FF", size=(side, 1))
        ),
        "bomb-profile-just-above": bomb("over the limit", lambda: siren(inflating(113, 2**26 + 1), (1, WEIGHTS))),
        "bomb-exif": bomb("over the limit", lambda: siren((1, WEIGHTS), inflating(240, 2**26 + 1)), "metadata"),
        "bomb-weights-of-4-million": corrupt("step or scale", lambda: siren((2, b""), parameters="40FF", size=(1, 1))),
        "bomb-half-floats-of-4-million": corrupt("weights", lambda: siren((1, b""), parameters="40FF", size=(1, 1))),
        "bomb-section-of-4-gigabytes": truncated(
            "file ends after", lambda: header("01 02 00 06 05 06 020201020001 02 01 FFFFFFFF0F 02 FFFFFFFF0F")
        ),
        "bomb-255-sections-of-4-gigabytes": truncated(
            "file ends after", lambda: header("01 01 00 03 02 02 0100 FF" + "01 FFFFFFFF0F" * 255)
        ),
        "bomb-tiles-of-4-gigabytes": corrupt("as long as their section", lambda: tiled(b"\5\5", [2**32 - 1] * 2, b"")),
        "bomb-tiles-2-18": corrupt("do not fit", lambda: tiled(b"\5\5", [0] * 10, b"", (2**14, 2**14))),
        "bomb-tiles-in-a-row": corrupt("do not fit", lambda: tiled(b"\5\5", [0] * 10, b"", (side, 256))),
        "bomb-tile-of-2-20": corrupt(
            "as long as their section", lambda: tiled(b"\x14\x14", [9, 0], b"", (2**14, 2**14))
        ),
        "bomb-networks-refused-before-latents": corrupt(
            "precision or scale", lambda: latent((1, logistic((9, 30))), (2, b""), size=(2**14, 2**14))
        ),
        "bomb-latents-of-2-28-cut": truncated(
            "file ends after", lambda: latent(first, (2, bytes(range(1, 100))), size=(2**14, 2**14))[:-50]
        ),
    }
