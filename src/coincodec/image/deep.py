"""Colour of more than 8 bits, which Pillow neither reads nor writes: by imagecodecs and tifffile, where they are
installed."""

from __future__ import annotations

import io
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .codepoints import avif_bits, png_chunks

# Pillow's modes of pictures that it has reduced.
_REDUCED = ("LA", "RGB", "RGBA")

_EXTRA = "reduced to 8 bits; pip install 'coincodec[deep]' keeps it"


def bits(file: BinaryIO, image: Image.Image) -> int:
    """Bits of a sample in an opened image's file, if Pillow reduces it to 8; else 8. The file stays where it is."""
    if image.mode not in _REDUCED:
        return 8
    tiles: Any = getattr(image, "tile", ())
    for tile in tiles:
        arguments = tile[3] if isinstance(tile[3], tuple) else (tile[3],)
        if arguments and isinstance(arguments[0], str) and ";16" in arguments[0]:
            return 16
        if tile[0] in ("ppm", "ppm_plain") and arguments[-1] > 255:
            return 16
    if image.format not in ("AVIF", "JPEG2000"):
        return 8
    at = file.tell()
    file.seek(0)
    found = avif_bits(file) if image.format == "AVIF" else _jpeg2000_bits(file.read(2**16))
    file.seek(at)
    return found


def read(file: BinaryIO, image: Image.Image, notes: list[str]) -> NDArray[np.uint16] | None:
    """Samples of an image with more than 8 bits, shape (H, W, 2 to 4), scaled to 16; None if there are none, or nothing
    reads them, which a note says. The file stays where it is."""
    depth = bits(file, image)
    if depth <= 8:
        return None
    at = file.tell()
    file.seek(0)
    data = file.read()
    file.seek(at)
    try:
        samples = _netpbm(data) if image.format == "PPM" else _by_libraries(data, str(image.format))
    except ImportError:
        notes.append(f"colour of {depth} bits was {_EXTRA}")
        return None
    except Exception as error:  # whatever they raise; Pillow reads what it can
        notes.append(f"colour of {depth} bits was reduced to 8, since it could not be read: {error}")
        return None
    # Pillow reads grey with alpha as RGBA, and a transparent colour has become a channel here.
    channels = {"LA": (2,), "RGB": (4,) if image.has_transparency_data else (3,), "RGBA": (4, 2)}[image.mode]
    if samples.shape[:2] != (image.height, image.width) or samples.shape[2:] not in [(c,) for c in channels]:
        notes.append(f"colour of {depth} bits was reduced to 8, since of shape {samples.shape}")
        return None
    most = np.iinfo(samples.dtype).max if image.format in ("PNG", "TIFF", "PPM") else 2**depth - 1
    return np.asarray((samples.astype(np.uint32) * 65535 + most // 2) // most, np.uint16)


def written(
    samples: NDArray[np.uint16], format: str, profile: bytes | None, dpi: tuple[float, float] | None
) -> bytes | None:
    """Colour of 16 bits, shape (H, W, 2 to 4), as TIFF or, if RGB, PPM; None where nothing writes it."""
    rows, columns, channels = samples.shape
    if format == "PPM" and channels == 3:
        return b"P6\n%d %d\n65535\n" % (columns, rows) + samples.astype(">u2").tobytes()
    if format != "TIFF":
        return None
    try:
        import tifffile
    except ImportError:
        return None
    file = io.BytesIO()
    more: dict[str, Any] = {} if dpi is None else {"resolution": dpi, "resolutionunit": "INCH"}
    if channels % 2 == 0:
        more["extrasamples"] = ["unassalpha"]
    photometric = "minisblack" if channels <= 2 else "rgb"
    tifffile.imwrite(
        file, samples, photometric=photometric, planarconfig="contig", compression="zlib", predictor=True,
        iccprofile=profile, metadata=None, **more,
    )  # fmt: skip
    return file.getvalue()


def _by_libraries(data: bytes, format: str) -> NDArray[Any]:
    if format == "TIFF":
        import tifffile

        with tifffile.TiffFile(io.BytesIO(data)) as file:
            page: Any = file.pages[0]
            samples = np.asarray(page.asarray())
            return samples if page.planarconfig == 1 else np.moveaxis(samples, 0, -1)
    import imagecodecs

    if format == "PNG":
        data = _bare_png(data)
    decode = {"PNG": imagecodecs.png_decode, "AVIF": imagecodecs.avif_decode, "JPEG2000": imagecodecs.jpeg2k_decode}
    return np.asarray(decode[format](data))


def _bare_png(data: bytes) -> bytes:
    """A PNG without what libpng might complain of on the standard error stream, which says nothing of samples."""
    kept = [data[:8]]
    for name, at, length in png_chunks(io.BytesIO(data)):
        if name in (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"):
            kept.append(data[at - 8 : at + length + 4])
    return b"".join(kept)


def _netpbm(data: bytes) -> NDArray[Any]:
    """P6, whose header is a magic and three numbers, then samples of two bytes, high first."""
    fields: list[bytes] = []
    at = 0
    while len(fields) < 4:
        end = at
        while data[end : end + 1].strip():
            end += 1
        if data[at:end].startswith(b"#"):
            end = data.index(b"\n", at)
        elif end > at:
            fields.append(data[at:end])
        at = end + 1
    if fields[0] != b"P6":
        raise ValueError("only binary PPM files are read")
    columns, rows, most = (int(field) for field in fields[1:])
    samples = np.frombuffer(data, ">u2", 3 * columns * rows, at).reshape(rows, columns, 3)
    return np.asarray(np.minimum(samples.astype(np.uint32) * 65535 // most, 65535), np.uint16)


def _jpeg2000_bits(data: bytes) -> int:
    """Of the first component in a codestream's SIZ segment (ISO/IEC 15444-1, A.5.1)."""
    at = data.find(b"\xff\x4f\xff\x51")
    return (data[at + 42] & 0x7F) + 1 if 0 <= at <= len(data) - 43 else 8
