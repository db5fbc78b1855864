from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_INPUTS: int
MAX_OUTPUTS: int
MAX_LAYERS: int
MAX_WIDTH: int
MAX_THREADS: int
LOGISTIC_SCALES: int
LOGISTIC_LIMIT: int
LAPLACE_SCALES: int
LAPLACE_LIMIT: int
LAPLACE_MEAN_LIMIT: int

def supported_isas() -> list[str]: ...
def selected_isa() -> str: ...
def select_isa(name: str) -> None: ...
def fma_peak(threads: int) -> float: ...
def siren_forward(
    parameters: NDArray[np.float32],
    shape: tuple[int, int, int, int],
    axes: list[NDArray[np.float32]],
    out: NDArray[Any],
    threads: int,
) -> None: ...
def siren_loss_and_gradient(
    parameters: NDArray[np.float32],
    shape: tuple[int, int, int, int],
    axes: list[NDArray[np.float32]],
    targets: NDArray[Any],
    index: NDArray[np.int64] | None,
    gradient: NDArray[np.float32],
    threads: int,
) -> float: ...
def logistic_bits(values: NDArray[np.int32], scale: int, out: NDArray[np.float64]) -> None: ...
def laplace_bits(
    values: NDArray[np.int32], scales: NDArray[np.int32], means: NDArray[np.int32], out: NDArray[np.float64]
) -> None: ...
def latent_layout(shape: tuple[int, ...]) -> dict[str, Any]: ...
def latent_render(
    shape: tuple[int, ...],
    parameters: NDArray[np.float32],
    latents: NDArray[np.float32],
    samples: NDArray[Any],
    threads: int,
) -> None: ...
def latent_integer_error(shape: tuple[int, ...], values: NDArray[np.int32], bits: list[int]) -> str | None: ...
def latent_encode(
    shape: tuple[int, ...], values: NDArray[np.int32], bits: list[int], latents: NDArray[np.float32]
) -> tuple[bytes, list[int]]: ...
def latent_bits(
    shape: tuple[int, ...], values: NDArray[np.int32], bits: list[int], latents: NDArray[np.float32]
) -> list[float]: ...
def latent_decode(
    shape: tuple[int, ...], values: NDArray[np.int32], bits: list[int], data: bytes, latents: NDArray[np.float32]
) -> list[int] | None: ...

class LatentFit:
    def __init__(self, shape: tuple[int, ...], samples: NDArray[Any]) -> None: ...
    def latents(self) -> NDArray[np.float32]: ...
    def step(
        self,
        parameters: NDArray[np.float32],
        soft: tuple[float, float, int] | None,
        update: tuple[float, ...] | None,
        lambda_: float,
        every: int,
        phase: int,
        gradient: NDArray[np.float32],
        threads: int,
    ) -> tuple[float, float]: ...
    def evaluate(
        self, parameters: NDArray[np.float32], soft: tuple[float, float, int] | None, threads: int
    ) -> tuple[float, float]: ...

class RangeEncoder:
    def __init__(self) -> None: ...
    def logistic(self, values: NDArray[np.int32], scale: int) -> None: ...
    def laplace(self, values: NDArray[np.int32], scales: NDArray[np.int32], means: NDArray[np.int32]) -> None: ...
    def finish(self) -> bytes: ...

class RangeDecoder:
    def __init__(self, data: bytes) -> None: ...
    def logistic(self, out: NDArray[np.int32], scale: int) -> bool: ...
    def laplace(self, out: NDArray[np.int32], scales: NDArray[np.int32], means: NDArray[np.int32]) -> bool: ...
    def complete(self) -> bool: ...
