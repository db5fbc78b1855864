"""What has to be kept of objects for others to go on in their place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

# By name: numbers, text, bytes, None, arrays, and lists and dictionaries of these.
State = dict[str, Any]


def fill(array: NDArray[Any], values: Any) -> None:
    """Puts values of a state into an array. Raises ValueError if they do not fit."""
    if not isinstance(values, np.ndarray) or values.shape != array.shape or values.dtype != array.dtype:
        raise ValueError("an array of a state does not fit")
    array[...] = values


def fetch(owner: object, names: Sequence[str]) -> State:
    """These attributes."""
    return {name: getattr(owner, name) for name in names}


def store(owner: object, names: Sequence[str], state: State) -> None:
    """Sets these attributes. Raises ValueError or TypeError if they are not of the type, or the shape, they have."""
    for name in names:
        value, now = state[name], getattr(owner, name)
        if isinstance(now, np.ndarray):
            value, values = np.empty_like(now, order="C"), value
            fill(value, values)
        elif now is not None and not isinstance(value, int | float if isinstance(now, float) else type(now)):
            raise TypeError(f"{name} is no {type(now).__name__}")
        setattr(owner, name, value)
