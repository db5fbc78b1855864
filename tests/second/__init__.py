"""A second decoder, slow and plain, written from docs/format.md alone: its modules are the document's chapters.

It shares no code with coincodec and reads nothing of it but the data of starts that the document points to. Where it
and coincodec differ by more than the document allows, one of the three is wrong.
"""

from second.file import Picture, decode, metadata
from second.refusal import Refused, TooLarge

__all__ = ["Picture", "Refused", "TooLarge", "decode", "metadata"]
