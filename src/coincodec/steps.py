"""Powers of two in eighths of an octave, as the format computes them: integers, the same on every machine."""

from __future__ import annotations

import numpy as np

# 2^MANTISSA times 2^(-j / 8), j = 0..7, rounded.
MANTISSA = 23
MANTISSAS = np.array([0x800000, 0x756063, 0x6BA27E, 0x62B395, 0x5A827A, 0x52FF6B, 0x4C1BF8, 0x45CAE1], np.int64)
