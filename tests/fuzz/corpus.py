"""What fuzzers begin with: small files of the conformance set and golden ones, and what native targets ask of them."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from fuzz.mutation import PACKED, Parts

TESTS = Path(__file__).parents[1]
LARGEST = 2500

# Targets of tests/native/fuzz, and bytes at the end of their inputs that say what is asked of a file.
TARGETS = {
    "container": 0, "packed": 1, "siren": 0, "latent": 0, "region": 15, "partial": 3, "previews": 3, "inspection": 0,
}  # fmt: skip
FAMILIES = {"siren": 1, "latent": 2}
_FAMILY_AT = 7
_REQUESTS = 4


def small_files() -> dict[str, bytes]:
    """By name."""
    found = sorted([*TESTS.glob("conformance/*/*.coin"), *TESTS.glob("golden/*/*.coin")])
    return {
        f"{path.parent.name}-{path.stem}": path.read_bytes() for path in found if path.stat().st_size <= LARGEST
    }  # fmt: skip


def inputs(target: str) -> Iterator[tuple[str, bytes]]:
    """Names and contents of a target's first inputs, the same every time."""
    rng = np.random.default_rng(len(target))
    if target == "packed":
        # Much from little, where the target's last byte allows it.
        much = zlib.compress(bytes(200_000), 9)
        yield from ((f"much-{kind}", much + bytes([129 + kind])) for kind in range(len(PACKED)))
    for name, data in small_files().items():
        if target == "packed":
            yield from _packed(name, data)
        elif target in FAMILIES and data[_FAMILY_AT : _FAMILY_AT + 1] != bytes([FAMILIES[target]]):
            continue
        elif (count := TARGETS[target]) == 0:
            yield name, data
        else:
            for number in range(_REQUESTS):
                yield f"{name}-{number}", data + rng.bytes(count)


def _packed(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """What a file has packed, and the same in the other ways that there are to pack it."""
    parts = Parts.of(data)
    for kind, payload in parts.sections if parts else ():
        if kind not in PACKED:
            continue
        which = bytes([PACKED.index(kind)])
        yield f"{name}-{kind}", payload + which
        try:
            plain = zlib.decompress(payload)
        except zlib.error:
            continue
        for way, (level, strategy) in enumerate([(0, 0), (9, 0), (9, zlib.Z_FIXED), (9, zlib.Z_HUFFMAN_ONLY)]):
            packer = zlib.compressobj(level, strategy=strategy)
            yield f"{name}-{kind}-{way}", packer.compress(plain[:LARGEST]) + packer.flush() + which


def write(target: str, folder: Path) -> Path:
    """The folder, with a file for each input."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in inputs(target):
        (folder / name).write_bytes(data)
    return folder
