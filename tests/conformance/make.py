"""Writes the conformance set: files of both kinds that do not exist yet, and the index of what decoders make of them.

    python tests/conformance/make.py

Files are written by tests/second/writing.py and read by the second decoder, so that nothing of coincodec has a part in
what is expected of it. A file is never rewritten: what was valid stays so.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
import second
from conformance import invalid, valid

HERE = Path(__file__).parent


def digest(integers: list[np.ndarray]) -> str:
    """SHA-256 of integers of 32 bits, or weights of binary32, little-endian, one after the other."""
    return hashlib.sha256(
        b"".join(np.ascontiguousarray(part).astype(f"<{part.dtype.kind}4") for part in integers)
    ).hexdigest()


def expected(data: bytes) -> tuple[dict[str, Any], np.ndarray]:
    """What decoders make of a valid file, and its samples."""
    picture = second.decode(data)
    said = second.metadata(data)
    height, width, channels = picture.samples.shape
    most = np.iinfo(picture.samples.dtype).max
    colour = picture.colour
    facts = {
        "family": picture.family,
        "width": width,
        "height": height,
        "channels": channels,
        "bits": 8 * picture.samples.dtype.itemsize,
        "integers": digest(list(picture.integers.values())),
        "tolerance": int(picture.tolerance.max() * most) + 1,
        "colour": hashlib.sha256(colour).hexdigest() if isinstance(colour, bytes) else list(colour),
        "metadata": {str(kind): hashlib.sha256(payload).hexdigest() for kind, payload in said.items()},
    }
    return facts, picture.samples


def main() -> None:
    """Writes what is missing."""
    for folder in ("valid", "invalid"):
        (HERE / folder).mkdir(exist_ok=True)
    index = {}
    for name, make in valid.CASES.items():
        path = HERE / "valid" / f"{name}.coin"
        if not path.exists():
            path.write_bytes(make())
        index[name], samples = expected(path.read_bytes())
        if (samples == samples.flat[0]).all():
            index[name]["samples"] = int(samples.flat[0])
        else:
            samples.astype(f"<u{samples.itemsize}").tofile(path.with_suffix(".samples"))
    write_index("valid", index)
    for name, (make, _) in invalid.CASES.items():
        path = HERE / "invalid" / f"{name}.coin"
        if not path.exists():
            path.write_bytes(make())
    write_index("invalid", {name: refusal for name, (_, refusal) in invalid.CASES.items()})


def write_index(folder: str, index: dict[str, Any]) -> None:
    """One line a file."""
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(facts)}" for name, facts in index.items())
    (HERE / folder / "index.json").write_text(f"{{\n{lines}\n}}\n")


if __name__ == "__main__":
    main()
