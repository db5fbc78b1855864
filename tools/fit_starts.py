"""Fits the networks that latent fits begin with: src/coincodec/latent/starts.npz.

For each size a chain of fits over photographs that scikit-image ships, each picture beginning with the networks of the
one before; then shorter chains for other prices of a bit, which begin with that one's. Takes ten minutes a size on two
cores:

    python tools/fit_starts.py
"""

from __future__ import annotations

import argparse
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import skimage.data

import coincodec.latent
from coincodec.latent.control import FixedPrice
from coincodec.latent.fit import Fit, Model
from coincodec.latent.model import SIZES, Array32, LatentShape, initial_parameters, rescale
from coincodec.latent.recipe import RECIPES
from coincodec.latent.start import LEVELS, start_shape
from coincodec.native import resolve_threads

PICTURES = ("coffee", "rocket", "chelsea", "astronaut")
ROUNDS = 2
PRICE, OTHER_PRICES = 0.0015, (0.0003, 0.008)


def fit_chain(size: str, price: float, pictures: tuple[str, ...], start: Array32, steps: int, threads: int) -> Array32:
    """The networks at the end of a chain."""
    recipe = replace(RECIPES["fast"], size=SIZES[size])
    for name in pictures:
        samples = np.ascontiguousarray(getattr(skimage.data, name)()[:, :, :3])
        model = Model(LatentShape.of(*samples.shape, LEVELS, SIZES[size]), samples, threads)
        fit = Fit(model, recipe, FixedPrice(price), start)
        fit.soften(steps)
        start = fit.parameters
        cost = model.evaluate(start)
        print(f"{size} {price} {name}: {cost.squared_error + price * cost.bits / model.pixels:.6f}", flush=True)
    return start


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
        shape = start_shape(SIZES[size])
        arguments_of = (arguments.steps, threads)
        first = fit_chain(size, PRICE, PICTURES * ROUNDS, initial_parameters(shape, 0), *arguments_of)
        arrays[f"{size}@{PRICE}"] = first.astype(np.float16)
        for price in OTHER_PRICES:
            start = first.copy()
            rescale(shape, start, math.sqrt(price / PRICE))
            arrays[f"{size}@{price}"] = fit_chain(size, price, PICTURES, start, *arguments_of).astype(np.float16)
        np.savez_compressed(path, **arrays)


if __name__ == "__main__":
    main()
