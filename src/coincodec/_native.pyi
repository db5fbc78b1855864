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

class RangeEncoder:
    def __init__(self) -> None: ...
    def logistic(self, values: NDArray[np.int32], scale: int) -> None: ...
    def finish(self) -> bytes: ...

class RangeDecoder:
    def __init__(self, data: bytes) -> None: ...
    def logistic(self, out: NDArray[np.int32], scale: int) -> bool: ...
    def complete(self) -> bool: ...
