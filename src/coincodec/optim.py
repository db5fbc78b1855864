"""Optimisers over NumPy parameters. Each updates its parameters in place from a gradient."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array32 = NDArray[np.float32]


class Adam:
    """Adam with bias correction (Kingma and Ba 2015, algorithm 1)."""

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


class Muon:
    """Nesterov momentum, made orthogonal, over a stack of matrices (Jordan et al. 2024, "Muon").

    parameters: shape (matrices, rows, columns), rows at most columns.
    """

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


class Soap:
    """Adam in the eigenbasis of each matrix's gradients (Vyas et al. 2024, "SOAP", algorithm 3).

    parameters: flat, updated in place. matrices: (offset, rows, columns) of each matrix among them; parameters
    outside of all matrices stay as they are. every: steps between updates of the bases.
    """

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
        self.matrices = [
            _Preconditioned(slice(at, at + rows * columns), rows, columns) for at, rows, columns in matrices
        ]
        self.beta1, self.beta2, self.every, self.epsilon = beta1, beta2, every, epsilon
        self.steps = 0

    def step(self, gradient: Array32, rate: float) -> None:
        """One step of about `rate` per parameter."""
        self.steps += 1
        decay1, decay2 = 1 - self.beta1**self.steps, 1 - self.beta2**self.steps
        for m in self.matrices:
            g = gradient[m.where].reshape(m.mean.shape)
            m.mean += (1 - self.beta1) * (g - m.mean)
            m.left += (1 - self.beta2) * (g @ g.T - m.left)
            m.right += (1 - self.beta2) * (g.T @ g - m.right)
            if self.steps % self.every == 1:
                m.turn(first=self.steps == 1)
            turned = m.left_basis.T @ g @ m.right_basis
            m.square += (1 - self.beta2) * (turned * turned - m.square)
            mean = m.left_basis.T @ m.mean @ m.right_basis
            update = (mean / decay1) / (np.sqrt(m.square / decay2) + self.epsilon)
            # Squares are kept in the basis they were summed in. After a turn one may be too small for its mean.
            np.clip(update, -self.MOST, self.MOST, out=update)
            self.parameters[m.where] -= np.float32(rate) * (m.left_basis @ update @ m.right_basis.T).ravel()


class _Preconditioned:
    """What SOAP keeps of a matrix: moments, and the bases they are taken in."""

    def __init__(self, where: slice, rows: int, columns: int) -> None:
        self.where = where
        self.mean = np.zeros((rows, columns), np.float32)
        self.square = np.zeros((rows, columns), np.float32)
        self.left, self.right = np.zeros((rows, rows), np.float32), np.zeros((columns, columns), np.float32)
        self.left_basis = np.eye(rows, dtype=np.float32)
        self.right_basis = np.eye(columns, dtype=np.float32)

    def turn(self, first: bool) -> None:
        """Brings the bases nearer to the eigenvectors: all the way first, then by one power iteration."""
        if first:
            self.left_basis = np.linalg.eigh(self.left)[1][:, ::-1].astype(np.float32)
            self.right_basis = np.linalg.eigh(self.right)[1][:, ::-1].astype(np.float32)
        else:
            self.left_basis = np.linalg.qr(self.left @ self.left_basis)[0].astype(np.float32)
            self.right_basis = np.linalg.qr(self.right @ self.right_basis)[0].astype(np.float32)
