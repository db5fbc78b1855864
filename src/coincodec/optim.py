"""Optimisers over NumPy parameters. Each updates its parameters in place from a gradient.

`state` is what they know besides the parameters, and `restore` takes that.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .state import State, fetch, store

Array32 = NDArray[np.float32]


class _Optimiser:
    """What is kept of an optimiser: these attributes."""

    KEPT: tuple[str, ...]

    def state(self) -> State:
        """See above."""
        return fetch(self, self.KEPT)

    def restore(self, state: State) -> None:
        """See above."""
        store(self, self.KEPT, state)


class Adam(_Optimiser):
    """Adam with bias correction (Kingma and Ba 2015, algorithm 1)."""

    KEPT = ("steps", "mean", "square")

    def __init__(self, parameters: Array32, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8) -> None:
        self.parameters = parameters
        self.beta1, self.beta2, self.epsilon = beta1, beta2, epsilon
        self.mean = np.zeros_like(parameters)
        self.square = np.zeros_like(parameters)
        self.steps = 0

    def step(self, gradient: Array32, rate: float) -> None:
        """One step of about `rate` per parameter."""
        self.steps += 1
        self.mean += (1 - self.beta1) * (gradient - self.mean)
        self.square += (1 - self.beta2) * (gradient * gradient - self.square)
        scale = rate / (1 - self.beta1**self.steps)
        root = np.sqrt(self.square / (1 - self.beta2**self.steps)) + self.epsilon
        self.parameters -= np.float32(scale) * self.mean / root


class Muon(_Optimiser):
    """Nesterov momentum, made orthogonal, over a stack of matrices (Jordan et al. 2024, "Muon").

    parameters: shape (matrices, rows, columns), rows at most columns.
    """

    KEPT = ("velocity",)

    # The quintic of the Newton-Schulz iteration: its fifth iterate takes every singular value in
    # (0, 1] to about 1.
    A, B, C = 3.4445, -4.7750, 2.0315
    ITERATIONS = 5

    def __init__(self, parameters: Array32, momentum: float = 0.95) -> None:
        self.parameters = parameters
        self.momentum = momentum
        self.velocity = np.zeros_like(parameters)

    def step(self, gradient: Array32, rate: float) -> None:
        """One step whose root mean square over a square matrix is about 0.2 * `rate`."""
        self.velocity *= self.momentum
        self.velocity += gradient
        update = self._orthogonal(gradient + self.momentum * self.velocity)
        self.parameters -= np.float32(0.2 * rate * np.sqrt(self.parameters.shape[-1])) * update

    def _orthogonal(self, q: Array32) -> Array32:
        norm: Array32 = np.linalg.norm(q, axis=(1, 2), keepdims=True)
        # Below the floor the squares of the norm underflow; such a gradient says nothing any more.
        x = q / np.maximum(norm, np.float32(1e-15))
        for _ in range(self.ITERATIONS):
            gram = x @ x.transpose(0, 2, 1)
            x = self.A * x + (self.B * gram + self.C * (gram @ gram)) @ x
        return x.astype(np.float32, copy=False)


class Soap(_Optimiser):
    """Adam in the eigenbasis of each matrix's gradients (Vyas et al. 2024, "SOAP", algorithm 3).

    parameters: flat, updated in place. matrices: (offset, rows, columns) of each matrix among them, at least one;
    parameters outside of all matrices stay as they are. every: steps between updates of the bases.
    """

    KEPT = ("steps", "_mean", "_square", "_left", "_right", "_left_basis", "_right_basis")

    # Bound of a step in units of the rate; without turns of the basis Adam's would seldom pass 1.
    MOST = 2.0

    def __init__(
        self,
        parameters: Array32,
        matrices: Sequence[tuple[int, int, int]],
        beta1: float = 0.95,
        beta2: float = 0.95,
        every: int = 10,
        epsilon: float = 1e-8,
    ) -> None:
        self.parameters = parameters
        self.beta1, self.beta2, self.every, self.epsilon = beta1, beta2, every, epsilon
        self.steps = 0
        # Small matrices cost their calls, not their arithmetic: all are one stack, filled up with zeros.
        _, heights, widths = zip(*matrices, strict=True)
        used = np.zeros((len(matrices), max(heights), max(widths)), bool)
        for matrix, height, width in zip(used, heights, widths, strict=True):
            matrix[:height, :width] = True
        self._used = np.flatnonzero(used)
        self._where = np.concatenate([np.arange(at, at + height * width) for at, height, width in matrices])
        self._gradient, self._mean, self._square = (np.zeros(used.shape, np.float32) for _ in range(3))
        # Eigenvalues below all others where there is nothing: those directions come last and by themselves.
        self._no_left, self._no_right = _diagonals(np.any(used, axis=2)), _diagonals(np.any(used, axis=1))
        self._left, self._right = self._no_left.copy(), self._no_right.copy()
        self._left_basis, self._right_basis = self._left, self._right  # until the first step

    def step(self, gradient: Array32, rate: float) -> None:
        """One step of about `rate` per parameter."""
        self.steps += 1
        decay1, decay2 = 1 - self.beta1**self.steps, 1 - self.beta2**self.steps
        g = self._gradient
        g.reshape(-1)[self._used] = gradient[self._where]
        transposed = g.transpose(0, 2, 1)
        self._mean += (1 - self.beta1) * (g - self._mean)
        self._left += (1 - self.beta2) * (g @ transposed + self._no_left - self._left)
        self._right += (1 - self.beta2) * (transposed @ g + self._no_right - self._right)
        if self.steps % self.every == 1:
            self._turn(first=self.steps == 1)
        left, right = self._left_basis.transpose(0, 2, 1), self._right_basis
        turned = left @ g @ right
        self._square += (1 - self.beta2) * (turned * turned - self._square)
        update = (left @ self._mean @ right / decay1) / (np.sqrt(self._square / decay2) + self.epsilon)
        # Squares are kept in the basis they were summed in. After a turn one may be too small for its mean.
        np.clip(update, -self.MOST, self.MOST, out=update)
        moved = self._left_basis @ update @ right.transpose(0, 2, 1)
        self.parameters[self._where] -= np.float32(rate) * moved.reshape(-1)[self._used]

    def restore(self, state: State) -> None:
        """See above."""
        super().restore(state)
        if self.steps <= self.every:
            # As `_turn` leaves them first: how they lie in memory decides how sums are rounded.
            for name in ("_left_basis", "_right_basis"):
                setattr(self, name, np.ascontiguousarray(getattr(self, name)[:, :, ::-1])[:, :, ::-1])

    def _turn(self, first: bool) -> None:
        """Brings the bases nearer to the eigenvectors: all the way first, then by one power iteration."""
        if first:
            self._left_basis = np.linalg.eigh(self._left)[1][:, :, ::-1]
            self._right_basis = np.linalg.eigh(self._right)[1][:, :, ::-1]
        else:
            self._left_basis = np.linalg.qr(self._left @ self._left_basis)[0]
            self._right_basis = np.linalg.qr(self._right @ self._right_basis)[0]


def _diagonals(used: NDArray[np.bool_]) -> Array32:
    """For each row a matrix with -1 on its diagonal where the row is False."""
    return np.stack([np.diag(row.astype(np.float32) - 1) for row in used])
