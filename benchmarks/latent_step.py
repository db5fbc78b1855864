"""One step of a latent fit at 768x512: our kernels beside PyTorch autograd of the same model, in one run.

    pip install torch==2.13.0 && python benchmarks/latent_step.py [--threads 1 2] [--isa avx2]

A step is everything that a fit does in it: soft rounding with noise, contexts, synthesis, all gradients, SOAP on the
networks and Adam on the latents. PyTorch's has plain Adam on the networks, which is less work. Turns are taken one
after the other and the medians compared. The two must agree on the loss of the first step, or nothing is printed.
"""

from __future__ import annotations

import argparse
import math
import statistics
import time
from collections.abc import Callable

import numpy as np

from coincodec import _native, native
from coincodec.latent.fit import matrices
from coincodec.latent.fitted import Model
from coincodec.latent.model import NEIGHBOURS, SIZES, LatentShape, initial_parameters, parts
from coincodec.optim import Soap

HEIGHT, WIDTH, LEVELS = 512, 768, 7
PRICE, SOFT = 1e-3, (0.4, 0.2, 1)


def case(size: str) -> tuple[LatentShape, np.ndarray, np.ndarray, list[np.ndarray]]:
    """Shape, samples, parameters and latents, all at random."""
    rng = np.random.default_rng(0)
    shape = LatentShape.of(HEIGHT, WIDTH, 3, LEVELS, SIZES[size])
    parameters = initial_parameters(shape, 0)
    parameters += rng.normal(0, 0.02, parameters.shape).astype(np.float32)
    grids = [rng.normal(0, 1, shape.grid(level)).astype(np.float32) for level in range(LEVELS)]
    return shape, rng.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8), parameters, grids


def our_step(size: str, threads: int) -> Callable[[], float]:
    """A step of `coincodec.latent.fit`; returns the loss."""
    shape, samples, parameters, grids = case(size)
    model = Model(shape, samples, threads)
    for level, grid in enumerate(grids):
        shape.plane(model.latents, level)[:] = grid
    optimiser = Soap(parameters, matrices(shape))
    update = (0.1, 0.9, 0.99, 0.1, 0.01, 1e-3)

    def step() -> float:
        cost = model.step(parameters, SOFT, update, PRICE, 4, 0)
        optimiser.step(model.gradient, 1e-3)
        return cost.error + PRICE * cost.bits / model.pixels

    return step


def torch_step(size: str, threads: int) -> Callable[[], float]:
    """The same model with PyTorch's operators; returns the loss."""
    import torch
    from torch.nn import functional

    from coincodec.latent.reference import gaussian

    torch.set_num_threads(threads)
    shape, samples, parameters, grids = case(size)
    pieces = parts(shape, parameters)
    names = ("context1", "context2", "output", "filters", "first", "second", "block", "mix")
    p = {name: torch.tensor(getattr(pieces, name), requires_grad=True) for name in names}
    features = [torch.tensor(f, requires_grad=True) for f in pieces.features]
    latents = [torch.tensor(g, requires_grad=True) for g in grids]
    optimiser = torch.optim.Adam([*p.values(), *features, *latents], lr=1e-3)
    target = torch.from_numpy(samples.transpose(2, 0, 1) / np.float32(255))
    temperature, noise, seed = SOFT
    drawn = [torch.from_numpy((noise * gaussian(shape, level, seed)).astype(np.float32)) for level in range(LEVELS)]

    def soft_round(x: torch.Tensor) -> torch.Tensor:
        r = x - torch.floor(x) - 0.5
        return torch.floor(x) + 0.5 + 0.5 * torch.tanh(r / temperature) / math.tanh(0.5 / temperature)

    def affine(weights: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        return torch.addmm(weights[:, -1:], weights[:, :-1], x)

    def bits_of(z: list[torch.Tensor], level: int) -> torch.Tensor:
        rows, columns = shape.grid(level)
        padded = functional.pad(z[level], (3, 3, 3, 0))
        inputs = [
            padded[3 + dy : 3 + dy + rows, 3 + dx : 3 + dx + columns] for dy, dx in NEIGHBOURS[: shape.neighbours]
        ]
        if level < shape.feature_levels:
            coarse = [z[level + 1]]
            for grid in z[level + 2 :]:
                factor = 2 ** len(coarse)
                wide = grid.repeat_interleave(factor, 0).repeat_interleave(factor, 1)
                coarse.append(wide[: coarse[0].shape[0], : coarse[0].shape[1]])
            seen = torch.tensordot(features[level], torch.stack(coarse), 1)
            seen = seen.repeat_interleave(2, 1).repeat_interleave(2, 2)[:, :rows, :columns]
            inputs += list(seen)
        else:
            inputs += [torch.zeros(rows, columns)] * shape.features
        x = torch.stack(inputs).reshape(len(inputs), -1)
        h = torch.abs(x + affine(p["context1"], x))
        h = torch.abs(h + affine(p["context2"], h))
        mean, t = affine(p["output"], torch.cat([h, x]))
        b = torch.exp2(torch.clamp(t - 5, -7, 7))
        a = torch.abs(z[level].reshape(-1) - mean)
        near, far = torch.exp(-torch.abs(a - 0.5) / b), torch.exp(-(a + 0.5) / b)
        probability = torch.where(a >= 0.5, 0.5 * (near - far), 1 - 0.5 * (near + far))
        return -torch.log2(probability + 2**-16).sum()

    def doubled(x: torch.Tensor, taps: torch.Tensor, rows: int, columns: int) -> torch.Tensor:
        kernel = torch.stack([functional.pad(taps, (0, 1)), functional.pad(taps.flip(0), (1, 0))])[:, None]
        n, _, w = x.shape
        tall = functional.conv1d(
            functional.pad(x, (0, 0, 2, 2), mode="replicate").transpose(1, 2).reshape(n * w, 1, -1), kernel
        )
        tall = tall.transpose(1, 2).reshape(n, w, -1)[:, :, :rows].transpose(1, 2)
        wide = functional.conv1d(functional.pad(tall, (2, 2), mode="replicate").reshape(n * rows, 1, -1), kernel)
        return wide.transpose(1, 2).reshape(n, rows, -1)[:, :, :columns]

    def step() -> float:
        optimiser.zero_grad()
        z = [soft_round(soft_round(x) + n) for x, n in zip(latents, drawn, strict=True)]
        bits = torch.stack([bits_of(z, level) for level in range(LEVELS)]).sum()
        u = z[-1][None]
        for level in range(LEVELS - 2, -1, -1):
            u = torch.cat([z[level][None], doubled(u, p["filters"][level], *shape.grid(level))])
        flat = u.reshape(LEVELS, -1)
        y = affine(p["second"], torch.cat([torch.relu(affine(p["first"], flat)), flat])).reshape(1, 3, HEIGHT, WIDTH)
        kernel = p["block"][:, :-1].reshape(-1, 3, 3, 3)
        hidden = torch.relu(
            functional.conv2d(functional.pad(y, (1, 1, 1, 1), mode="replicate"), kernel, p["block"][:, -1])
        )
        v = y + functional.conv2d(hidden, p["mix"][:, :, None, None])
        clamped = v + (v.clamp(0, 1) - v).detach()
        loss = functional.mse_loss(clamped[0], target) + PRICE * bits / (HEIGHT * WIDTH)
        loss.backward()
        optimiser.step()
        return float(loss.detach())

    return step


def milliseconds(work: Callable[[], object]) -> float:
    """Duration of a call."""
    start = time.perf_counter()
    work()
    return 1e3 * (time.perf_counter() - start)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--isa", nargs="+", default=native.supported_isas()[-1:], choices=native.supported_isas())
    parser.add_argument("--sizes", nargs="+", default=["middle", "large"], choices=sorted(SIZES))
    parser.add_argument("--repeats", type=int, default=15)
    arguments = parser.parse_args()
    print(
        f"{'size':8}{'MAC/px':>8}{'threads':>9}{'isa':>10}{'ours':>10}{'least':>10}{'speed-up':>10}{'PyTorch':>12}{'ratio':>8}"
    )
    for size in arguments.sizes:
        shape = case(size)[0]
        macs = _native.latent_macs(shape.native) / (shape.height * shape.width)
        alone = math.nan
        for isa in arguments.isa:
            native.select_isa(isa)
            for threads in arguments.threads:
                theirs, ours = torch_step(size, threads), our_step(size, threads)
                ratio = ours() / theirs()
                if abs(ratio - 1) > 1e-4:
                    raise SystemExit(f"the losses differ by {ratio - 1:.2g}")
                slow, fast = [], []
                for _ in range(arguments.repeats):
                    if len(slow) < 3:
                        slow.append(milliseconds(theirs))
                        time.sleep(0.3)  # PyTorch's idle threads spin for a while before they leave the cores
                    ours()
                    fast.append(milliseconds(ours))
                here = statistics.median(fast)
                alone = here if threads == arguments.threads[0] else alone
                print(
                    f"{size:8}{macs:8.0f}{threads:9}{isa:>10}{here:7.1f} ms{min(fast):7.1f} ms{alone / here:9.2f}x"
                    f"{statistics.median(slow):9.0f} ms{statistics.median(slow) / here:7.0f}x",
                    flush=True,
                )


if __name__ == "__main__":
    main()
