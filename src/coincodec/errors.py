"""Everything coincodec raises on purpose, as one tree.

The command line turns `UsageError` into exit status 2 and every other `CoincodecError` into 1.
"""

from __future__ import annotations


class CoincodecError(Exception):
    """Root of the tree: catch this to catch them all."""


class UsageError(CoincodecError, ValueError):
    """An argument or option is wrong, or two of them contradict each other."""


class TargetError(UsageError):
    """No network is small enough for the asked rate."""


class ImageError(CoincodecError):
    """A picture cannot be read, has a form coincodec does not code, or cannot be written."""


class FitError(CoincodecError):
    """The fit diverged and restarts at lower learning rates did not help."""


class CheckpointError(CoincodecError):
    """A file is no checkpoint, is damaged, or holds another encode than the one that is to go on."""


class FormatError(CoincodecError):
    """The data is not a .coin stream that this version decodes."""


class NotCoinError(FormatError):
    """The data does not begin with the .coin signature."""


class UnsupportedError(FormatError):
    """The stream is of a later version, or uses a family or feature this version does not know."""


class TruncatedError(FormatError):
    """The data ends before the stream does."""


class CorruptError(FormatError):
    """A checksum does not match, or a field holds what no encoder writes."""


class LimitError(FormatError):
    """The stream asks for more pixels or more work than `Limits` allows."""


class ConversionWarning(UserWarning):
    """A Pillow image was not in a form that is coded as it is; the text says what was converted."""


class ShortfallWarning(UserWarning):
    """An encode fell short of what it was asked for, in time or by a target out of reach; the text says how."""


class PartialWarning(UserWarning):
    """A picture was decoded from a cut stream; the text says what is missing."""
