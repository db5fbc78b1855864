"""What coincodec makes of a file, in the form of the conformance set's index."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

import coincodec
from coincodec import container
from coincodec.latent import networks
from coincodec.latent import stream as latent_stream
from coincodec.siren import stream as siren_stream
from conformance.make import digest


def integers(data: bytes) -> list[np.ndarray]:
    """Weights, or networks and latents, in the order of the index."""
    header, sections = container.read(data)
    model = [section for section in sections if section.type not in (112, 113)]
    if header.family == siren_stream.FAMILY:
        shape = siren_stream.read_shape(header)
        return list(shape.matrices(siren_stream.read_weights(shape, model)))
    shape = latent_stream.read_shape(header)
    read = latent_stream.read_networks(shape, model)
    latents = latent_stream.LatentReader(read, model, 1).read()
    levels = [read.levels[places] for places in networks.tensors(shape)]
    return levels + [shape.plane(latents, level).astype(np.int32) for level in reversed(range(shape.levels))]


def facts(data: bytes) -> dict[str, Any]:
    """All of it but for samples."""
    info = coincodec.info(data)
    with coincodec.open(io.BytesIO(data)) as file:
        extras = file.metadata()
    return {
        "family": {"siren": 1, "latent": 2}[info.model],
        "width": info.size[0],
        "height": info.size[1],
        "channels": info.channels,
        "bits": info.bit_depth,
        "integers": digest(integers(data)),
        "colour": info.colour,
        "metadata": extras,
    }
