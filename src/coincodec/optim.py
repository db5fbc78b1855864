"""Optimisers over NumPy parameters. Each updates its parameters in place from a gradient."""

from __future__ import annotations

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
