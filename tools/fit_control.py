"""Fits what leads a target's price: the constants of src/coincodec/latent/control.py, printed beside how well they fit.

What a price usually leads to comes from results of `coin bench` with preset `fast` over Kodak; what a fit ends with,
from how fits at fixed prices go, which are run and kept in --fits unless they are there already (about 10 minutes on
two cores):

    python tools/fit_control.py benchmarks/results/kodak.jsonl --fits fits.jsonl
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from coincodec.bench import datasets, results
from coincodec.image import Samples, load
from coincodec.latent import control
from coincodec.latent.encode import Encoder
from coincodec.latent.fit import Model
from coincodec.latent.model import SIZES, Array32, LatentShape
from coincodec.latent.start import LEVELS
from coincodec.options import EncodeOptions

Array64 = NDArray[np.float64]

CODEC = "coin:latent-fast"
PICTURES = ("kodim01", "kodim05", "kodim08", "kodim15", "kodim23")
PRICES = {"fast": (0.02, 0.005, 0.0015, 0.0003), "default": (0.005, 0.001)}

# Shares of a fit that count little, since nothing is done about them that cannot be mended.
EARLY, EARLY_WEIGHT = 0.25, 0.3


@dataclass
class Watch:
    """A fixed price that notes how the fit goes: (share, bits per pixel of the latents, mean squared error)."""

    price: float
    seen: list[tuple[float, float, float]] = field(default_factory=list)

    def correct(self, model: Model, parameters: Array32, share: float) -> None:
        """Notes it."""
        cost = model.evaluate(parameters)
        self.seen.append((share, cost.bits / model.pixels, cost.squared_error))


@dataclass(frozen=True)
class Course:
    """One fit. seen: by a `Watch`. bits, squared_error: what it ended with, likewise."""

    image: str
    preset: str
    price: float
    seen: list[tuple[float, float, float]]
    bits: float
    squared_error: float


def course(image: str, samples: Samples, preset: str, price: float) -> Course:
    """Fits a picture at that price."""
    encoder = Encoder(samples, EncodeOptions(preset=preset, lambda_=price), None)
    watch = Watch(price)
    encoder.fit.control = watch
    networks = encoder.fit.run(None, None)
    model = encoder.fit.model
    model.latents[...] = model.integers()
    cost = model.evaluate(networks.parameters())
    return Course(image, preset, price, watch.seen, cost.bits / model.pixels, cost.squared_error)


def courses(path: Path, pictures: dict[str, Samples]) -> list[Course]:
    """Those in the file, after those have been added that it lacks."""
    known = results.read_lines(path, Course)
    done = {(c.image, c.preset, c.price) for c in known}
    wanted = [(name, preset, price) for name in PICTURES for preset, prices in PRICES.items() for price in prices]
    with results.Writer(path) as writer:
        for name, preset, price in wanted:
            if (name, preset, price) not in done:
                known.append(course(name, pictures[name], preset, price))
                writer.append(known[-1])
    return known


def first_price(path: Path, pictures: dict[str, Samples]) -> None:
    """What price a rate or an error takes, by the picture's detail."""
    rows = []
    for r in results.newest(results.read(path)):
        if r.codec != CODEC or r.image not in pictures:
            continue
        price, pixels = float(r.point), r.width * r.height
        networks = LatentShape.of(r.height, r.width, 3, LEVELS, SIZES["middle"]).parameters
        bits = 8 * r.bytes / pixels - control.network_bits(networks, price, pixels) / pixels
        rows.append((price, bits, 10 ** (-r.psnr / 10), control.detail(pictures[r.image])))
    price, bits, error, detail = np.log(np.array(rows)).T
    for name, value in (("_OF_BITS", bits), ("_OF_ERROR", error)):
        terms = np.stack([np.ones_like(value), value, detail], axis=1)
        found, *_ = np.linalg.lstsq(terms, price, rcond=None)
        off = terms @ found - price
        print(f"{name}: {np.round(found, 2)}, off by a factor of {np.exp(off.std()):.2f} (one deviation)")
        print(f"    control.py has {getattr(control, name)}")
    print(f"_LEAST_DETAIL, _MOST_DETAIL: {np.exp(detail.min()):.3f}, {np.exp(detail.max()):.3f}")


def report(name: str, share: Array64, off: Array64) -> None:
    """How well a relation foretells the logarithm of what a fit ends with, by share of the fit."""
    late = share > EARLY
    print(f"    {name}: {np.sqrt(np.mean(off[late] ** 2)):.3f} off (root mean square, shares over {EARLY})")
    for at in np.unique(np.round(share, 1)):
        near = np.abs(share - at) < 0.05
        print(f"        at {at:.1f}: mean {off[near].mean():+.3f}, deviation {off[near].std():.3f}")


def ends(found: list[Course]) -> None:
    """What a fit ends with, by what it has after a share of its steps."""
    rows = [(*seen, c.bits, c.squared_error, c.price) for c in found for seen in c.seen]
    share, bits, error, final, final_error, price = np.array(rows).T
    weight = np.where(share > EARLY, 1.0, EARLY_WEIGHT)
    price = np.maximum(price, control.LEAST_FITTED)

    def of_bits(p: Array64) -> Array64:
        return np.asarray(p[0] * (1 - share) ** p[1] / (1 + final / p[2]))

    def of_error(p: Array64) -> Array64:
        return np.asarray(p[0] * (1 - share) ** p[1] * (1 + p[2] / price))

    now_bits = np.array([control.final_bits(s, b) for s, b in zip(share, bits, strict=True)])
    now_error = np.array([control.final_error(s, e, p) for s, e, p in zip(share, error, price, strict=True)])
    kinds = {
        "final_bits": (of_bits, (1.0, 1.8, 0.7), np.log(bits / final), np.log(now_bits / final)),
        "final_error": (of_error, (0.3, 2.0, 3e-4), np.log(error / final_error), np.log(now_error / final_error)),
    }
    for name, (relation, begin, wanted, now) in kinds.items():
        best = least_squares(lambda p, r=relation, w=wanted: weight * (r(p) - w), begin).x
        print(f"{name}: {best.round(5)}")
        report("these", share, relation(best) - wanted)
        report("those of control.py", share, now)


def main() -> None:
    """Prints all of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("--fits", type=Path, required=True)
    arguments = parser.parse_args()
    pictures = {path.stem: load(str(path)).samples for path in datasets.kodak().paths}
    first_price(arguments.results, pictures)
    ends(courses(arguments.fits, pictures))


if __name__ == "__main__":
    main()
