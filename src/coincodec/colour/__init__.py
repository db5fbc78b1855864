"""What samples mean as colours: code points or an ICC profile, in streams and in arithmetic."""

from .space import KINDS, PROFILE, SPACE, SRGB, Colour, of_sections
from .transform import to_srgb

__all__ = ["KINDS", "PROFILE", "SPACE", "SRGB", "Colour", "of_sections", "to_srgb"]
