"""Fits starts with directions: src/coincodec/latent/directions.npz.

Small pictures cannot pay for networks of their own. A start with directions is networks, and how those that suit a
picture usually differ from them: a stream says how far to go along each. What ships was made, one number after the
other, by

    python tools/fit_directions.py shared --price 0.002 --out shared.npz
    python tools/fit_directions.py own --from shared.npz --out own.npz
    python tools/fit_directions.py together --from own.npz --price 0.002 --visits 120 --out 8.npz
    python tools/fit_directions.py together --from 8.npz --price 0.0006 --visits 90 --out 7.npz
    python tools/fit_directions.py together --from 8.npz --price 0.006 --visits 80 --out 9.npz
    python tools/fit_directions.py together --from 8.npz --price 0.002 --tune eye --visits 90 --out 11.npz
    python tools/fit_directions.py together --from 11.npz --price 0.0006 --tune eye --visits 70 --out 10.npz
    python tools/fit_directions.py together --from 11.npz --price 0.006 --tune eye --visits 60 --out 12.npz
    python tools/fit_directions.py pack 7.npz 8.npz 9.npz 10.npz 11.npz 12.npz

each of which takes a core five to ten minutes: `shared`, the networks that suit all crops at once; `own`, for each crop
networks of its own from there, and the principal directions of what they became, parameters weighted by how much they
matter; `together`, everything at once, crops going along the directions. Streams refer to what has shipped: `pack` adds
numbers and changes none.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from photographs import crops

import coincodec.latent
from coincodec import entropy
from coincodec.latent.control import FixedPrice
from coincodec.latent.fit import Fit, matrices
from coincodec.latent.fitted import Cost, Model
from coincodec.latent.model import SIZES, Array32, LatentShape, rescale, unit_gains
from coincodec.latent.recipe import RECIPES
from coincodec.latent.start import CODES, LEVELS, PRECISION, start_for, start_shape
from coincodec.looks.eye import EyeAim
from coincodec.optim import Soap

SIZE = "large"
SHAPE = start_shape(SIZES[SIZE])
RECIPE = replace(RECIPES["fast"], size=SIZES[SIZE])

# Crops and the seed that chooses them; how many are looked at in a step.
SHARED_CROPS, SHARED_SEED, SHARED_BATCH = 110, 0, 10
CROPS, SEED, BATCH = 220, 5, 11

# Precision of networks that are nothing but a start and codes, tensor by tensor.
BITS = (8, 8, 8, 8, 9, 10, 8, 11, 9, 10, 10, 11, 9, 10, 11)

# Codes are integers in units of a quarter of their deviation; directions are multiples of this many units of
# 2^-PRECISION, for the file to be small.
UNIT, COARSE = 4, 8


def fits_of(count: int, seed: int, price: float, tune: str, start: Array32) -> list[Fit]:
    """A fit of each crop."""
    aim, found = EyeAim if tune == "eye" else None, []
    for samples in crops(count, seed):
        shape = LatentShape.of(*samples.shape, LEVELS, SIZES[SIZE])
        found.append(Fit(Model(shape, samples, 1, aim), RECIPE, FixedPrice(price), start=start))
    return found


def relative(fit: Fit, cost: Cost) -> Array32:
    """The gradient of the logarithm of what a crop costs: each counts alike."""
    total = cost.error + fit.control.price * cost.bits / fit.model.pixels
    return np.asarray(fit.model.gradient / np.float32(fit.model.pixels * max(total, 1e-5)))


def mean_cost(fits: list[Fit], networks: Iterator[Array32]) -> float:
    """The mean logarithm of what crops cost with their latents as integers."""
    costs = [(fit, fit.model.evaluate(values)) for fit, values in zip(fits, networks, strict=True)]
    return float(np.mean([math.log(c.error + f.control.price * c.bits / f.model.pixels) for f, c in costs]))


def batches(count: int, size: int, steps: int, rng: np.random.Generator) -> Iterator[list[int]]:
    """For each step the crops it looks at: all have had as many turns, or one more."""
    order: list[int] = []
    for _ in range(steps):
        if len(order) < size:
            order = [int(k) for k in rng.permutation(count)]
        yield order[:size]
        order = order[size:]


def shared(price: float, steps: int) -> dict[str, Any]:
    """The same networks for all crops."""
    start = start_for(SHAPE, price, 0)
    fits = fits_of(SHARED_CROPS, SHARED_SEED, price, "psnr", start)
    optimiser = Soap(start.copy(), matrices(SHAPE), RECIPE.momentum)
    for step, batch in enumerate(batches(len(fits), SHARED_BATCH, steps, np.random.default_rng(1))):
        gradient = np.zeros_like(start)
        for k in batch:
            fits[k].parameters = optimiser.parameters
            gradient += relative(fits[k], fits[k].soft_step(step / steps, step))
        rate = 0.67 * RECIPE.rate * min(1.0, (step + 1) / RECIPE.ramp) * RECIPE.cosine(step / steps, 0.02)
        optimiser.step(gradient * np.float32(100 / SHARED_BATCH), rate)
        if step % 200 == 199:
            print(f"{step + 1}: {mean_cost(fits, (optimiser.parameters for _ in fits)):.4f}", flush=True)
    return {"start": optimiser.parameters, "price": price}


def own(known: dict[str, Any], visits: int) -> dict[str, Any]:
    """Networks for each crop, and the principal directions of what they became."""
    start, price = known["start"], float(known["price"])
    fits = fits_of(CROPS, SEED, price, "psnr", start)
    rng, matter = np.random.default_rng(1), np.zeros(start.size)
    optimisers = [Soap(start.copy(), matrices(SHAPE), RECIPE.momentum) for _ in fits]
    for visit in range(visits):
        for k in rng.permutation(len(fits)):
            fit, optimiser = fits[k], optimisers[k]
            fit.parameters = optimiser.parameters
            matter += relative(fit, fit.soft_step(visit / visits, visit)).astype(float) ** 2
            rate = 0.008 * min(1.0, (visit + 1) / 10) * RECIPE.cosine(visit / visits, 0.1)
            optimiser.step(fit.model.gradient.copy(), rate)
        if visit % 10 == 9:
            print(f"{visit + 1}: {mean_cost(fits, (o.parameters for o in optimisers)):.4f}", flush=True)
    found = np.array([o.parameters for o in optimisers], float)
    mean, weights = found.mean(0), np.sqrt(matter / matter.mean()) + 1e-2
    left, strengths, right = np.linalg.svd((found - mean) * weights, full_matrices=False)
    root = math.sqrt(len(fits))
    directions = strengths[:CODES, None] / root * right[:CODES] / weights
    return {"start": mean, "directions": directions, "codes": left[:, :CODES] * root, "price": price}


def together(known: dict[str, Any], price: float, tune: str, visits: int) -> dict[str, Any]:
    """Networks, directions and codes, all at once."""
    step = math.sqrt(price / float(known["price"]))
    start = known["start"].astype(np.float32)
    rescale(SHAPE, start, step)
    directions = (known["directions"] * unit_gains(SHAPE, step)).astype(np.float32)
    fits = fits_of(CROPS, SEED, price, tune, start)
    again = step == 1 and tune == str(known.get("tune", "psnr"))
    codes = known["codes"].astype(np.float32) if again else np.zeros((len(fits), CODES), np.float32)
    optimiser, steps = Soap(start, matrices(SHAPE), RECIPE.momentum), visits * len(fits) // BATCH
    # Directions move in proportion to how much of a parameter they are.
    sizes = np.sqrt(np.square(directions).mean(0, keepdims=True)) + 1e-6
    mean, square = np.zeros_like(directions), np.zeros_like(directions)
    codes_mean, codes_square, turns = np.zeros_like(codes), np.zeros_like(codes), np.zeros(len(fits), int)
    for step_number, batch in enumerate(batches(len(fits), BATCH, steps, np.random.default_rng(1))):
        share = step_number / steps
        slower, ramp = RECIPE.cosine(share, 0.03), min(1.0, (step_number + 1) / 20)
        of_start, of_directions = np.zeros_like(start), np.zeros_like(directions)
        for k in batch:
            fit = fits[k]
            fit.parameters = optimiser.parameters + codes[k] @ directions
            cost = fit.soft_step(share, step_number)
            gradient = relative(fit, cost)
            of_start += gradient
            of_directions += np.outer(codes[k], gradient)
            total = cost.error + price * cost.bits / fit.model.pixels
            along = directions @ gradient + codes[k] * (2.4 * price / fit.model.pixels / max(total, 1e-5))
            turns[k] += 1
            codes_mean[k] = 0.8 * codes_mean[k] + 0.2 * along
            codes_square[k] = 0.98 * codes_square[k] + 0.02 * along * along
            root = np.sqrt(codes_square[k] / (1 - 0.98 ** turns[k])) + 1e-8
            codes[k] -= 0.12 * slower * codes_mean[k] / (1 - 0.8 ** turns[k]) / root
        optimiser.step(of_start * np.float32(100 / BATCH), 0.006 * ramp * slower)
        mean = 0.9 * mean + 0.1 * of_directions
        square = 0.99 * square + 0.01 * of_directions**2
        root = np.sqrt(square / (1 - 0.99 ** (step_number + 1))) + 1e-9
        directions -= 0.01 * slower * ramp * sizes * mean / (1 - 0.9 ** (step_number + 1)) / root
        if step_number % (steps // 10) == steps // 10 - 1:
            values = (optimiser.parameters + c @ directions for c in codes)
            print(f"{step_number + 1}: {mean_cost(fits, values):.4f}", flush=True)
    return {"start": optimiser.parameters, "directions": directions, "codes": codes, "price": price, "tune": tune}


def packed(known: dict[str, Any], number: int) -> dict[str, NDArray[Any]]:
    """The arrays of a start, as they ship."""
    start, directions, codes = (known[name].astype(float) for name in ("start", "directions", "codes"))
    start, codes = start + codes.mean(0) @ directions, codes - codes.mean(0)
    units = codes.std(0) / UNIT
    integers = np.rint(codes / units).astype(np.int32)
    scales = [entropy.best_scale(np.ascontiguousarray(column)) for column in integers.T]
    along = np.rint(np.ldexp(directions * units[:, None], PRECISION) / COARSE) * COARSE
    return {
        f"{number} values {SIZE} {float(known['price']):g} {known['tune']}": np.rint(np.ldexp(start, PRECISION)).astype(
            np.int32
        ),
        f"{number} directions": along.astype(np.int16),
        f"{number} scales": np.array(scales, np.uint8),
        f"{number} bits": np.array(BITS, np.uint8),
    }


def main() -> None:
    """Does a part of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=("shared", "own", "together", "pack"))
    parser.add_argument("files", nargs="*", help="of pack: a file for each number, named after it")
    parser.add_argument("--from", dest="known")
    parser.add_argument("--price", type=float, default=0.002)
    parser.add_argument("--tune", default="psnr", choices=("psnr", "eye"))
    parser.add_argument("--steps", type=int, default=3000, help="of shared")
    parser.add_argument("--visits", type=int, default=70, help="how often each crop is looked at")
    parser.add_argument("--out")
    arguments = parser.parse_args()
    if arguments.part == "pack":
        path = Path(coincodec.latent.__file__).parent / "directions.npz"
        arrays = dict(np.load(path)) if path.exists() else {}
        shipped = {int(name.split()[0]) for name in arrays}
        for file in map(Path, arguments.files):
            if int(file.stem) not in shipped:
                arrays |= packed(dict(np.load(file)), int(file.stem))
        np.savez_compressed(path, **arrays)
        return
    known = dict(np.load(arguments.known)) if arguments.known else {}
    if arguments.part == "shared":
        found = shared(arguments.price, arguments.steps)
    elif arguments.part == "own":
        found = own(known, arguments.visits)
    else:
        found = together(known, arguments.price, arguments.tune, arguments.visits)
    np.savez(arguments.out, **found)


if __name__ == "__main__":
    main()
