"""Curves in the JSON layout of CompressAI's results, which the field's plotting scripts read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..curves import Curve


def compressai(curve: Curve) -> dict[str, Any]:
    """One codec: name, description, results as lists; settings and versions beside them."""
    results: dict[str, list[float]] = {"bpp": list(curve.bpp), "psnr": list(curve.psnr)}
    for name, values in (
        ("ms-ssim", curve.ms_ssim),
        ("ssimulacra2", curve.ssimulacra2),
        ("butteraugli", curve.butteraugli),
        ("encoding_time", curve.encode_seconds),
        ("decoding_time", curve.decode_seconds),
    ):
        if values:
            results[name] = list(values)
    versions = ", ".join(f"{name} {version}" for name, version in curve.versions)
    return {
        "name": curve.title,
        "description": f"{curve.settings}. {versions}".rstrip(". "),
        "settings": curve.settings,
        "versions": dict(curve.versions),
        "images": curve.images,
        "results": results,
    }


def write(curves: list[Curve], folder: Path) -> list[Path]:
    """One file for each curve that was measured; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for curve in curves:
        if curve.measured:
            path = folder / f"{curve.id.replace(':', '-')}.json"
            path.write_text(json.dumps(compressai(curve), indent=2) + "\n", encoding="utf-8")
            paths.append(path)
    return paths
