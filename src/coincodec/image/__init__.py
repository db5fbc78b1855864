"""From the pictures people have to the samples we code, and back.

Samples are uint8 or uint16 arrays of shape (height, width, channels), with 1 channel for grey, 2 for grey
and alpha, 3 for RGB, 4 for RGBA, alpha not premultiplied.
"""

from .codepoints import CICP
from .colour import as_srgb, in_srgb
from .extras import info
from .hidden import without_hidden
from .picture import Picture, Samples, from_array, to_8_bits
from .reading import from_pillow, is_picture, load, size_of
from .writing import Written, output_format, to_bytes, to_pillow

__all__ = [
    "CICP",
    "Picture",
    "Samples",
    "Written",
    "as_srgb",
    "from_array",
    "from_pillow",
    "in_srgb",
    "info",
    "is_picture",
    "load",
    "output_format",
    "size_of",
    "to_8_bits",
    "to_bytes",
    "to_pillow",
    "without_hidden",
]
