"""Fits the networks that latent fits begin with: src/coincodec/latent/starts.npz.

A chain of fits over photographs that scikit-image ships, each picture beginning with the networks of the one before,
for each size and each of a few prices of a bit. Takes half an hour on two cores:

    python tools/fit_starts.py
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import skimage.data

import coincodec.latent
from coincodec.latent.control import FixedPrice
from coincodec.latent.fit import Fit, Model
from coincodec.latent.model import SIZES, LatentShape, initial_parameters
from coincodec.latent.recipe import RECIPES
from coincodec.latent.start import LEVELS
from coincodec.native import resolve_threads

PICTURES = ("coffee", "rocket", "chelsea", "astronaut")
ROUNDS = 2
PRICES = (0.0003, 0.0015, 0.008)


def fit_start(size: str, price: float, steps: int, threads: int) -> np.ndarray:
    """The networks at the end of a chain."""
    recipe = replace(RECIPES["fast"], size=SIZES[size])
    parameters = None
    for name in PICTURES * ROUNDS:
        samples = np.ascontiguousarray(getattr(skimage.data, name)()[:, :, :3])
        shape = LatentShape.of(*samples.shape, LEVELS, SIZES[size])
        if parameters is None:
            parameters = initial_parameters(shape, 0)
        model = Model(shape, samples, threads)
        fit = Fit(model, recipe, FixedPrice(price), parameters)
        fit.soften(steps)
        parameters = fit.parameters
        cost = model.evaluate(parameters)
        total = cost.squared_error + price * cost.bits / model.pixels
        print(f"{size} {price} {name}: {total:.6f}", flush=True)
    assert parameters is not None
    return parameters.astype(np.float16)


def main() -> None:
    """Writes the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="middle,large")
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--threads", type=int)
    arguments = parser.parse_args()
    threads = resolve_threads(arguments.threads)
    path = Path(coincodec.latent.__file__).parent / "starts.npz"
    arrays = dict(np.load(path)) if path.exists() else {}
    for size in arguments.sizes.split(","):
        for price in PRICES:
            arrays[f"{size}@{price}"] = fit_start(size, price, arguments.steps, threads)
            np.savez_compressed(path, **arrays)


if __name__ == "__main__":
    main()
