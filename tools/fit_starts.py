"""Fits the networks that latent fits begin with: src/coincodec/latent/starts.npz.

The same networks are fitted to several photographs that scikit-image ships at once, each with latents of its own; then,
from there, for other prices of a bit. What ships comes from these, of two and four minutes on two cores:

    python tools/fit_starts.py --sizes middle --steps 1000
    python tools/fit_starts.py --sizes large --steps 2500

Streams refer to the starts that have shipped, so the file keeps those; new ones get the next numbers, and fits then
begin with them where there are several of a size and price.
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
from coincodec.latent.fit import Fit, matrices
from coincodec.latent.fitted import Model
from coincodec.latent.model import SIZES, Array32, LatentShape, initial_parameters, rescale
from coincodec.latent.recipe import RECIPES
from coincodec.latent.start import LEVELS, PRECISION, start_shape
from coincodec.native import resolve_threads
from coincodec.optim import Soap

PICTURES = ("coffee", "rocket", "chelsea", "astronaut")
PRICE, OTHER_PRICES = 0.0015, (0.0003, 0.008)


def fit_start(size: str, price: float, start: Array32, steps: int, threads: int) -> Array32:
    """Networks that suit all pictures, after so many soft steps on each."""
    recipe = replace(RECIPES["fast"], size=SIZES[size])
    fits = []
    for name in PICTURES:
        samples = np.ascontiguousarray(getattr(skimage.data, name)()[:, :, :3])
        model = Model(LatentShape.of(*samples.shape, LEVELS, SIZES[size]), samples, threads)
        fits.append(Fit(model, recipe, FixedPrice(price), start=start))
    parameters = start.copy()
    optimiser = Soap(parameters, matrices(fits[0].model.shape), recipe.momentum)
    for fit in fits:
        fit.parameters = parameters
    for step in range(steps):
        gradient = np.zeros_like(parameters)
        for fit in fits:
            fit.soft_step(step / steps, step)
            gradient += fit.model.gradient / fit.model.pixels
        optimiser.step(gradient * fits[0].model.pixels, recipe.rate_at(step, step / steps))
    costs = [fit.model.evaluate(parameters) for fit in fits]
    totals = [c.error + price * c.bits / fit.model.pixels for c, fit in zip(costs, fits, strict=True)]
    print(
        f"{size} {price}:", *(f"{name} {total:.6f}" for name, total in zip(PICTURES, totals, strict=True)), flush=True
    )
    return parameters


def main() -> None:
    """Writes the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="middle,large")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--threads", type=int)
    arguments = parser.parse_args()
    threads = resolve_threads(arguments.threads)
    path = Path(coincodec.latent.__file__).parent / "starts.npz"
    with np.load(path) as shipped:
        arrays = dict(shipped)
    for size in arguments.sizes.split(","):
        first = fit_start(size, PRICE, initial_parameters(start_shape(SIZES[size]), 0), arguments.steps, threads)
        found = {PRICE: first}
        for price in OTHER_PRICES:
            start = first.copy()
            rescale(start_shape(SIZES[size]), start, math.sqrt(price / PRICE))
            found[price] = fit_start(size, price, start, arguments.steps // 2, threads)
        for price in sorted(found):
            integers = np.rint(np.ldexp(found[price], PRECISION)).astype(np.int32)
            arrays[f"{len(arrays) + 1} {size} {price}"] = integers
    np.savez_compressed(path, **arrays)


if __name__ == "__main__":
    main()
