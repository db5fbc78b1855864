"""Takes files apart for people: every byte, and what range codes hold. The dumps of docs/format.md are made by this.

python tests/conformance/dump.py FILE
python tests/conformance/dump.py             # the blocks of docs/format.md, anew
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from second import context_model, latent, networks, siren  # noqa: E402 (found there)
from second.integers import laplace  # noqa: E402
from second.layout import Bytes, Layout, Section, take_apart  # noqa: E402
from second.range_code import RangeCode  # noqa: E402

DOCUMENT = HERE.parents[1] / "docs" / "format.md"
EXAMPLES = {
    "siren": HERE.parent / "golden" / "v1" / "siren-fp16-worked-example.coin",
    "latent": HERE / "valid" / "latent-worked-example.coin",
}
FAMILIES = {1: "siren", 2: "latent"}
CHANNELS = ["grey", "grey and alpha", "RGB", "RGBA"]
PARAMETERS = {
    1: ["L, sine layers", "N less 1, sines in each"],
    2: [
        "L, grids",
        "n, neighbours",
        "F, features",
        "S, width of the synthesis",
        "K, channels of the block",
        "magnitudes",
    ],
}
SECTIONS = {
    (1, 1): "weights as half floats",
    (1, 2): "weights as integers",
    (2, 1): "networks",
    (2, 2): "latents",
    (2, 3): "networks as differences from a start",
    (2, 4): "latents in tiles",
}
A_ROW = 8


def lines_of(data: bytes, text: str) -> Iterator[str]:
    """Rows of bytes, the first with a text."""
    for at in range(0, len(data), A_ROW):
        row = f"{data[at : at + A_ROW].hex(' ').upper():{3 * A_ROW}}"
        yield f"{row} {text if at == 0 else ''}".rstrip()


def notes(text: str) -> str:
    return " " * 3 * A_ROW + "   " + text


def dump(data: bytes) -> str:
    """A whole and sound file."""
    layout, file = take_apart(data), Bytes(data)
    rows: list[str] = []

    def take(count: int, text: str) -> None:
        rows.extend(lines_of(file.take(count), text))

    def number(text: str) -> None:
        begin = file.at
        value = file.varint()
        rows.extend(lines_of(data[begin : file.at], f"{text} {value:,}"))

    take(6, "signature")
    take(1, "version 1")
    take(1, f"family {layout.family}, {FAMILIES[layout.family]}")
    take(1, f"{CHANNELS[layout.channels - 1]}, {layout.depth} bits a sample")
    number("width")
    number("height")
    take(1, f"{len(layout.parameters)} bytes of parameters:")
    for value, name in zip(layout.parameters, PARAMETERS[layout.family], strict=False):
        take(1, f"  {value}: {name}")
    take(1, f"{len(layout.sections)} sections:")
    for section in layout.sections:
        take(1, f"  type {section.type}, {SECTIONS.get((layout.family, section.type), 'of any family')}")
        number("  bytes:")
    take(4, f"CRC32 of the {file.at} bytes so far")
    for section in layout.sections:
        if (layout.family, section.type) == (1, 1):
            for name, value in zip(names_of_weights(layout), np.frombuffer(section.payload, "<f2"), strict=True):
                take(2, f"{name}: {value:g}")
        else:
            take(len(section.payload), f"section {section.type}")
            rows += [notes(text) for text in READERS.get((layout.family, section.type), nothing)(layout, section)]
        take(4, f"CRC32 of the section of type {section.type}")
    return "\n".join(rows) + "\n"


def names_of_weights(layout: Layout) -> Iterator[str]:
    """Of a siren's weights, in their order."""
    layers, features = layout.parameters[0], layout.parameters[1] + 1
    for layer in range(layers + 1):
        inputs = ["y", "x"] if layer == 0 else [f"sine {i}" for i in range(features)]
        for output in range(layout.channels if layer == layers else features):
            of = f"channel {output}" if layer == layers else f"layer {layer + 1}, sine {output}"
            yield from [f"{of}, weight of {name}" for name in inputs] + [f"{of}, bias"]


def nothing(layout: Layout, section: Section) -> Iterator[str]:
    return iter(())


def of_weights(layout: Layout, section: Section) -> Iterator[str]:
    layers, features = layout.parameters[0], layout.parameters[1] + 1
    sizes = [(features, 2), *[(features, features)] * (layers - 1), (layout.channels, features)]
    for number, layer in enumerate(siren.integers(section.payload, sizes)):
        yield f"layer {number + 1}, with biases: {layer.tolist()}"


def of_networks(layout: Layout, section: Section) -> Iterator[str]:
    found = networks.read(section.payload, latent.shape_of(layout), section.type == 3)
    for name, integers in found.integers.items():
        if integers.size:
            yield f"{name}: {' '.join(map(str, integers.ravel().tolist()))}, times 2^-{found.bits[name]}"


def of_latents(layout: Layout, section: Section) -> Iterator[str]:
    """Of latents in one code, mean and scale code of each."""
    first = next(other for other in layout.sections if other.type in (1, 3))
    model = context_model.ContextModel(networks.read(first.payload, latent.shape_of(layout), first.type == 3))
    source = RangeCode(section.payload)
    grids: dict[int, np.ndarray] = {}
    told: list[str] = []

    def symbol(mean: int, scale: int) -> int:
        value = laplace(source, mean, scale)
        told.append(f"{value} under mean {mean}/256 and scale code {scale}")
        return value

    for level in reversed(range(model.shape.levels)):
        told.append(f"grid {level}:")
        grids[level] = model.walk(model.features(level, grids), symbol)
    yield from told


READERS: dict[tuple[int, int], Callable[[Layout, Section], Iterator[str]]] = {
    (1, 2): of_weights,
    (2, 1): of_networks,
    (2, 3): of_networks,
    (2, 2): of_latents,
}


def renewed(document: str) -> str:
    """The text of docs/format.md with its dumps made anew."""
    for name, path in EXAMPLES.items():
        block = f"```hexdump {name}\n{dump(path.read_bytes())}```"
        document, count = re.subn(
            rf"```hexdump {name}\n.*?```", lambda _, block=block: block, document, flags=re.DOTALL
        )
        assert count == 1
    return document


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(dump(Path(sys.argv[1]).read_bytes()), end="")
    else:
        DOCUMENT.write_text(renewed(DOCUMENT.read_text()))
