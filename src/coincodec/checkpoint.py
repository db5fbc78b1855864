"""The state of an encode in a file, written again and again, so that one that was stopped goes on where it was.

The file is NumPy's .npz: arrays, and what is no array as JSON among them. Nothing in it can be run.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import time as clock
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from . import __version__, native
from .errors import CheckpointError, CoincodecError, UsageError
from .files import write_atomically
from .options import EncodeOptions
from .state import State

# Seconds from one write to the next, and the largest share of the time that writing may take.
INTERVAL, _SHARE = 30.0, 0.05

_FACTS = "facts"
_ARRAY = "array"


class Checkpoint:
    """The file of one encode.

    outer: what is written beside the state of a fit; owners of fits change it as they go.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)
        self.outer: State = {}
        self._key = ""
        self._due = clock.monotonic() + INTERVAL
        self._asked: Callable[[], BaseException] | None = None

    def begin(self, samples: NDArray[Any], options: EncodeOptions) -> State | None:
        """Of an encode of these samples. Returns what was written last, None if there is no file yet.

        Raises `CheckpointError` if the file is of another encode, `UsageError` if this one cannot go on.
        """
        if options.time is not None:
            raise UsageError("an encode that ends by the clock cannot go on as if it had not been stopped")
        self._key = _key_of(samples, options)
        try:
            return self._read()
        except FileNotFoundError:
            self.write(None)  # what cannot be written is better known now
            return None

    def due(self) -> bool:
        """Whether the state is to be written now."""
        return self._asked is not None or clock.monotonic() >= self._due

    def write(self, state: State | None) -> None:
        """Writes the state of a fit, None if none has begun; raises what was asked for, if anything was."""
        begun = clock.monotonic()
        arrays: list[NDArray[Any]] = []
        facts = json.dumps({"key": self._key, "state": _packed({**self.outer, "fit": state}, arrays)})

        def fill(file: BinaryIO) -> None:
            named: dict[str, Any] = {f"{_ARRAY}{number}": array for number, array in enumerate(arrays)}
            np.savez(file, **{_FACTS: np.frombuffer(facts.encode(), np.uint8), **named})

        write_atomically(self.path, fill)
        now = clock.monotonic()
        self._due = now + max(INTERVAL, (now - begun) / _SHARE)
        self.finish()

    def ask(self, error: Callable[[], BaseException]) -> None:
        """Has the state written at the next step, and then what `error` makes raised; a second time, at once."""
        if self._asked is not None:
            raise error()
        self._asked = error

    def finish(self) -> None:
        """Raises what was asked for, where no step has come to do so."""
        if self._asked is not None:
            raise self._asked()

    def remove(self) -> None:
        """Takes the file away, now that the encode is over."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)

    @contextlib.contextmanager
    def trusted(self) -> Iterator[None]:
        """Takes what a state lacks, or has too much of, for damage of the file."""
        try:
            yield
        except CoincodecError:  # some of which are ValueErrors, too
            raise
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise CheckpointError(f"{self.path} is a damaged checkpoint") from error

    def _read(self) -> State:
        try:
            with zipfile.ZipFile(self.path) as archive:
                # What is stored as it is cannot become larger than the file.
                if any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist()):
                    raise CheckpointError(f"{self.path} is not a checkpoint")
            with np.load(self.path, allow_pickle=False) as found:
                facts = json.loads(found[_FACTS].tobytes())
                if not isinstance(facts, dict) or facts.get("key") is None:
                    raise CheckpointError(f"{self.path} is not a checkpoint")
                if facts["key"] != self._key:
                    raise CheckpointError(
                        f"{self.path} is of another encode: of another picture, with other options, or by another "
                        "version or instruction set; give another file, or remove it"
                    )
                with self.trusted():
                    state: State = _unpacked(facts["state"], found)
                    return state
        except FileNotFoundError:
            raise
        except (zipfile.BadZipFile, EOFError, KeyError, ValueError) as error:
            raise CheckpointError(f"{self.path} is not a checkpoint, or a damaged one") from error


def _key_of(samples: NDArray[Any], options: EncodeOptions) -> str:
    """Of all that decides the bytes of a stream."""
    chosen = asdict(options)
    del chosen["threads"]
    if options.architectures is not None:
        chosen["architectures"] = Path(options.architectures).read_text()
    machine = (__version__, np.__version__, platform.machine(), native.selected_isa())
    digest = hashlib.sha256(json.dumps([machine, chosen, samples.shape, str(samples.dtype)]).encode())
    digest.update(np.ascontiguousarray(samples).data)
    return digest.hexdigest()


def _packed(tree: Any, arrays: list[NDArray[Any]]) -> Any:
    """As JSON has it, arrays being put into the list."""
    if isinstance(tree, np.ndarray):
        arrays.append(tree)
        return {_ARRAY: len(arrays) - 1}
    if isinstance(tree, bytes):
        return _packed(np.frombuffer(tree, np.uint8), arrays)
    if isinstance(tree, dict):
        return {name: _packed(value, arrays) for name, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [_packed(value, arrays) for value in tree]
    return tree


def _unpacked(tree: Any, arrays: Any) -> Any:
    if isinstance(tree, dict):
        if set(tree) == {_ARRAY}:
            return arrays[f"{_ARRAY}{tree[_ARRAY]}"]
        return {name: _unpacked(value, arrays) for name, value in tree.items()}
    if isinstance(tree, list):
        return [_unpacked(value, arrays) for value in tree]
    return tree
