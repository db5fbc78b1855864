"""Those of this machine."""

from __future__ import annotations

from coincodec import native

# That fuse multiplication and addition.
FUSED = [isa for isa in native.supported_isas() if isa != "baseline"]
