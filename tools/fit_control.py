"""Fits what leads a target's price: the constants of src/coincodec/latent/control.py, printed beside how well they fit.

What a price usually leads to comes from results of `coin bench` with preset `fast` over Kodak; what a fit ends with,
from how fits at fixed prices go, which are run and kept in --fits unless they are there already (about 10 minutes on
two cores, for each tune):

    python tools/fit_control.py benchmarks/results/kodak.jsonl --fits fits.jsonl [--tune eye]

How far a picture is off is a mean squared error for tune psnr, SSIMULACRA 2's weighted sum for tune eye.
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
from coincodec.latent import control, stages
from coincodec.latent.cost import Cost
from coincodec.latent.encode import Encoder
from coincodec.latent.fitted import Model
from coincodec.latent.model import SIZES, Array32, LatentShape
from coincodec.latent.start import LEVELS
from coincodec.looks.ssimulacra2 import distance_of
from coincodec.options import EncodeOptions

Array64 = NDArray[np.float64]

CODECS = {"psnr": "coin:latent-fast", "eye": "coin:latent-fast-eye"}
PICTURES = ("kodim01", "kodim05", "kodim08", "kodim15", "kodim23")
PRICES = {"fast": (0.02, 0.005, 0.0015, 0.0003), "default": (0.005, 0.001)}

# Shares of a fit that count little, since nothing is done about them that cannot be mended.
EARLY, EARLY_WEIGHT = 0.25, 0.3


@dataclass
class Watch:
    """A fixed price that notes how the fit goes: (share, bits per pixel of the latents, how far it is off)."""

    price: float
    seen: list[tuple[float, float, float]] = field(default_factory=list)

    def correct(self, model: Model, parameters: Array32, share: float) -> None:
        """Notes it."""
        cost = model.evaluate(parameters)
        self.seen.append((share, cost.bits / model.pixels, off(model, cost)))


def off(model: Model, cost: Cost) -> float:
    """How far the picture is off that was evaluated last, at that cost."""
    return cost.error if model.aim is None else model.distance()


@dataclass(frozen=True)
class Course:
    """One fit. seen: by a `Watch`. bits, off: what it ended with, likewise."""

    image: str
    preset: str
    tune: str
    price: float
    seen: list[tuple[float, float, float]]
    bits: float
    off: float


def course(image: str, samples: Samples, preset: str, tune: str, price: float) -> Course:
    """Fits a picture at that price."""
    encoder = Encoder(samples, EncodeOptions(preset=preset, tune=tune, lambda_=price), None)
    watch = Watch(price)
    encoder.fit.control = watch
    networks = encoder.fit.run(None, None)
    model = encoder.fit.model
    model.latents[...] = model.integers()
    cost = model.evaluate(networks.parameters())
    return Course(image, preset, tune, price, watch.seen, cost.bits / model.pixels, off(model, cost))


def courses(path: Path, pictures: dict[str, Samples], tune: str) -> list[Course]:
    """Those in the file of that tune, after those have been added that it lacks."""
    known = [c for c in results.read_lines(path, Course) if c.tune == tune]
    done = {(c.image, c.preset, c.price) for c in known}
    wanted = [(name, preset, price) for name in PICTURES for preset, prices in PRICES.items() for price in prices]
    with results.Writer(path) as writer:
        for name, preset, price in wanted:
            if (name, preset, price) not in done:
                known.append(course(name, pictures[name], preset, tune, price))
                writer.append(known[-1])
    return known


def first_price(path: Path, pictures: dict[str, Samples], tune: str) -> None:
    """What price a rate takes, or a picture no farther off than that, by its detail."""
    rows = []
    for r in results.newest(results.read(path)):
        if r.codec != CODECS[tune] or r.image not in pictures:
            continue
        price, pixels = float(r.point), r.width * r.height
        networks = LatentShape.of(r.height, r.width, 3, LEVELS, SIZES["middle"]).parameters
        bits = 8 * r.bytes / pixels - control.network_bits(networks, price, pixels) / pixels
        distance = 10 ** (-r.psnr / 10) if r.ssimulacra2 is None or tune == "psnr" else distance_of(r.ssimulacra2)
        rows.append((price, bits, distance, control.detail(pictures[r.image])))
    price, bits, distance, detail = np.log(np.array(rows)).T
    far, of_far = {"psnr": ("_OF_ERROR", control._OF_ERROR), "eye": ("_OF_DISTANCE", control._OF_DISTANCE)}[tune]
    relations = (("_OF_BITS", bits, control._OF_BITS[tune]), (far, distance, of_far))
    for name, value, now in relations:
        terms = np.stack([np.ones_like(value), value, detail], axis=1)
        found, *_ = np.linalg.lstsq(terms, price, rcond=None)
        deviation = (terms @ found - price).std()
        print(f"{name}: {np.round(found, 2)}, wrong by a factor of {np.exp(deviation):.2f} (one deviation)")
        print(f"    control.py has {now}")
    print(f"_LEAST_DETAIL, _MOST_DETAIL: {np.exp(detail.min()):.3f}, {np.exp(detail.max()):.3f}")


def report(name: str, share: Array64, miss: Array64) -> None:
    """How well a relation foretells the logarithm of what a fit ends with, by share of the fit."""
    late = share > EARLY
    print(f"    {name}: {np.sqrt(np.mean(miss[late] ** 2)):.3f} (root mean square, shares over {EARLY})")
    for at in np.unique(np.round(share, 1)):
        near = np.abs(share - at) < 0.05
        print(f"        at {at:.1f}: mean {miss[near].mean():+.3f}, deviation {miss[near].std():.3f}")


def ends(found: list[Course], tune: str, detailed: bool) -> None:
    """What a fit ends with, by what it has after a share of its steps; of pictures that are detailed, or are not."""
    rows = [(*seen, c.bits, c.off, c.price) for c in found for seen in c.seen]
    share, bits, far, final, final_far, price = np.array(rows).T
    weight = np.where(share > EARLY, 1.0, EARLY_WEIGHT)
    price = np.maximum(price, control.LEAST_FITTED)

    def of_bits(p: Array64) -> Array64:
        return np.asarray(p[0] * (1 - share) ** p[1] / (1 + final / p[2]))

    def of_far(p: Array64) -> Array64:
        return np.asarray(p[0] * (1 - share) ** p[1] * (1 + p[2] / price))

    known = control.ENDS[tune, detailed]
    now_bits = np.array([control.final_bits(s, b, known) for s, b in zip(share, bits, strict=True)])
    now_far = np.array([control.final_off(s, f, p, known) for s, f, p in zip(share, far, price, strict=True)])
    kinds = {
        "bits": (of_bits, (1.0, 1.8, 0.7), np.log(bits / final), np.log(now_bits / final)),
        "off": (of_far, (0.3, 2.0, 3e-4), np.log(far / final_far), np.log(now_far / final_far)),
    }
    print(f"{'detailed' if detailed else 'plain'} pictures, {len(found)} fits")
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
    parser.add_argument("--tune", choices=CODECS, default="psnr")
    arguments = parser.parse_args()
    pictures = {path.stem: load(str(path)).samples for path in datasets.kodak().paths}
    first_price(arguments.results, pictures, arguments.tune)
    found = courses(arguments.fits, pictures, arguments.tune)
    for detailed in (False, True):
        kind = [c for c in found if stages.detailed(stages.grain(pictures[c.image]), c.price) == detailed]
        ends(kind, arguments.tune, detailed)


if __name__ == "__main__":
    main()
