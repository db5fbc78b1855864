"""Ways to break files, for the cases of what decoders refuse; checksums are right unless they are what is wrong."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

from conformance.models import File, Latent, siren_half
from second.context_model import ContextModel
from second.integers import Symbols, laplace_symbols
from second.layout import SIGNATURE
from second.networks import DIRECTIONS
from second.writing import (
    RangeWriter,
    checked,
    varint,
    write_codes,
    write_file,
    write_networks,
    write_whole,
)

Case = tuple[Callable[[], bytes], dict[str, str]]

MODEL = Latent(0, File(6, 5), 2, 2, 1, 2, 0)
SMALL = siren_half(0, 1, 1, File(3, 2))
# More bytes than decoders read ahead.
TOO_LONG = b"\1" * 6
WEIGHTS = bytes.fromhex("0000 003e 0034 0038 0038")


def case(error: str, message: str, make: Callable[[], bytes], of: str = "picture") -> Case:
    """of: what is asked for, the picture or the metadata."""
    return make, {"error": error, "message": message, "of": of}


def corrupt(message: str, make: Callable[[], bytes], of: str = "picture") -> Case:
    return case("CorruptError", message, make, of)


def unsupported(message: str, make: Callable[[], bytes]) -> Case:
    return case("UnsupportedError", message, make)


def truncated(message: str, make: Callable[[], bytes]) -> Case:
    return case("TruncatedError", message, make)


def bomb(message: str, make: Callable[[], bytes], of: str = "picture") -> Case:
    return case("LimitError", message, make, of)


def header(fields: str, rest: bytes = b"") -> bytes:
    """The signature, bytes in hexadecimal, and their checksum; then the rest."""
    return checked(SIGNATURE + bytes.fromhex(fields)) + rest


def changed(data: bytes, at: int, to: bytes) -> bytes:
    """Some bytes replaced, checksums left as they are."""
    return data[:at] + to + data[at + len(to) :]


def siren(
    *sections: tuple[int, bytes], parameters: str = "0100", size: tuple[int, int] = (3, 2), **fields: int
) -> bytes:
    """A siren of one feature, unless these say otherwise."""
    return write_file(1, size, bytes.fromhex(parameters), sections or [(1, WEIGHTS)], **fields)


def latent(*sections: tuple[int, bytes], parameters: bytes = MODEL.parameters, size: tuple[int, int] = (6, 5)) -> bytes:
    """The model above, with other sections or parameters."""
    return write_file(2, size, parameters, sections or MODEL.sections())


def range_code(write: Callable[[RangeWriter], None]) -> bytes:
    writer = RangeWriter()
    write(writer)
    return writer.finish()


def logistic(*pairs: tuple[int, int]) -> bytes:
    """A range code of integers, each with its scale code."""
    return range_code(lambda writer: [writer.logistic(value, code) for value, code in pairs] and None)


def escape_of_18_bits(symbols: Symbols, *raw: int) -> bytes:
    """A range code that begins with symbol 0 of those, these raw bits, and an escape of more than 17 bits."""

    def write(writer: RangeWriter) -> None:
        writer.number(symbols, 0)
        for bit in [*raw, *[1] * 17]:
            writer.raw(bit, 1)
        writer.raw(0, 18)

    return range_code(write)


def networks(**changes: Any) -> bytes:
    """Section 1 of a model like the one above, its constraints broken."""
    values, bits = changes.pop("values", {}), changes.pop("bits", {})
    model = Latent(0, File(6, 5), 2, 2, 1, 2, 0, values=values, bits=bits)
    return write_networks(model.networks(), {})


def with_networks(**changes: Any) -> Callable[[], bytes]:
    """The model above with such networks, and latents that do not matter."""
    return lambda: latent((1, networks(**changes)), (2, b""))


def with_start(number: int, e: int, model: Latent | None = None, rest: bytes | None = None) -> bytes:
    model = model or Latent(1, File(6, 5), 2, 12, 4, 16, 4)
    payload = bytes([number, e]) + (b"" if rest is None else rest)
    return write_file(2, (6, 5), model.parameters, [(3, payload), (2, b"")])


def of_codes(code: int) -> bytes:
    """A payload of section 5 whose fourth code is this one, the others being 0; written out even if all are."""
    writer = RangeWriter()
    with np.load(DIRECTIONS) as file:
        for place, scale in enumerate(file["7 scales"].tolist()):
            writer.logistic(code if place == 3 else 0, scale)
    return b"\7\x40" + (writer.finish() or b"\0")


def with_codes(payload: bytes) -> bytes:
    """A file of large networks with this section 5."""
    parameters = Latent(1, File(6, 5), 7, 14, 6, 32, 8).parameters
    return write_file(2, (6, 5), parameters, [(5, payload), (2, b"")])


def whole() -> bytes:
    return write_whole(ContextModel(MODEL.networks()), MODEL.latents())


def tiled(bits: bytes, lengths: list[int], codes: bytes, size: tuple[int, int] = (6, 5)) -> bytes:
    """The model above with a section of tiles of these fields."""
    payload = bits + b"".join(map(varint, lengths)) + codes
    return latent(MODEL.sections()[0], (4, payload), size=size)


def tiled_codes() -> list[bytes]:
    return write_codes(ContextModel(MODEL.networks()), MODEL.latents(), {0: 5, 1: 5})


def beyond_latents(value: int) -> bytes:
    model = Latent(2, File(1, 1), 1, 1, 0, 1, 0, values={"output weights": 0, "output biases": [[0], [80]]})
    code = range_code(lambda writer: writer.laplace(value, 0, 112))
    return write_file(2, (1, 1), model.parameters, [(1, write_networks(model.networks(), {})), (2, code)])


def latent_escape() -> bytes:
    model = Latent(2, File(1, 1), 1, 1, 0, 1, 0, values={"output weights": 0, "output biases": [[0], [80]]})

    code = escape_of_18_bits(laplace_symbols(0, 112))
    return write_file(2, (1, 1), model.parameters, [(1, write_networks(model.networks(), {})), (2, code)])


def inflating(kind: int, total: int) -> tuple[int, bytes]:
    """A section of a zlib stream of so many zeros, packed as well as zlib does."""
    packer = zlib.compressobj(9)
    parts = [packer.compress(bytes(min(2**20, total - at))) for at in range(0, total, 2**20)]
    return kind, b"".join([*parts, packer.flush()])
