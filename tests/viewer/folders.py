"""Files that tests show, and a server that shows them."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from coincodec.viewer.pictures import Pictures
from coincodec.viewer.server import Server

GOLDEN = Path(__file__).parents[1] / "golden/v1"

# Of the folder, in its order: one whose header is sound and the rest not, one of each family with its original beside
# it, one that is no .coin file, and one alone.
DAMAGED, LATENT, NO_COIN, SIREN, ALONE = range(1, 6)
NAMES = ("damaged", "latent-photograph", "nonsense", "siren-coded-photograph", "siren-fp16-grey16")


def original(number: int) -> NDArray[np.uint8]:
    """Of a picture of three channels what lies beside it: nothing like it."""
    return 255 - np.load(GOLDEN / f"{NAMES[number - 1]}.npy")


@contextlib.contextmanager
def serving(pictures: Pictures) -> Iterator[Server]:
    """A server that runs."""
    with Server(pictures) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
