"""Latents to bytes and back: the integer context model, the networks' integers, the stream."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coincodec import _native, container
from coincodec.container import Header, Section
from coincodec.entropy import LAPLACE_SCALES, MEAN_LIMIT, MEAN_UNIT, RangeEncoder, laplace_bits
from coincodec.errors import CorruptError, FitError, FormatError, UnsupportedError
from coincodec.latent import networks, stream
from coincodec.latent.model import NEIGHBOURS, LatentShape, Size, initial_parameters, parts
from coincodec.latent.networks import TENSORS, Quantised
from grids import encoder_of

SIZES = {
    "middle": Size(12, 4, 16, 4),
    "odd": Size(14, 5, 9, 3),
    "no features": Size(6, 0, 8, 0),
    "tiny": Size(1, 1, 1, 1),
}
BITS = (7, 9, 8, 6, 7, 9, 8, 10, 7, 9, 8, 10, 8, 8, 8)


def model(
    size: str, height: int = 21, width: int = 37, seed: int = 0, spread: float = 0.15, magnitudes: bool = True
) -> Quantised:
    """Networks drawn at random."""
    shape = LatentShape.of(height, width, 3, 4, SIZES[size], magnitudes)
    parameters = initial_parameters(shape, seed)
    parameters += np.random.default_rng(seed).normal(0, spread, parameters.shape).astype(np.float32)
    parts(shape, parameters).output[1, -1] = 4
    return networks.quantise(shape, parameters, BITS)


def latents_of(shape: LatentShape, seed: int = 0, scale: float = 1.5) -> np.ndarray:
    rng = np.random.default_rng(seed)
    latents = shape.empty_latents()
    for level in range(shape.levels):
        shape.plane(latents, level)[:] = np.clip(
            np.rint(rng.laplace(0, scale * 2**level, shape.grid(level))), -32768, 32768
        )
    return latents


def rounded(value: int, shift: int) -> int:
    return (value + (1 << shift >> 1)) >> shift if shift > 0 else value << -shift


def limited(value: int, limit: int = 32767) -> int:
    return min(max(value, -limit), limit)


def distributions(quantised: Quantised, latents: np.ndarray) -> tuple[list[int], list[int], list[int]]:
    """Value, scale code and mean of every latent, in the order of the code, from the rules of docs/format.md."""
    shape = quantised.shape
    p = parts(shape, quantised.levels.astype(object))
    k = quantised.integer_bits
    values, scales, means = [], [], []
    planes = [shape.plane(latents, level).astype(int) for level in range(shape.levels)]
    seen = [np.vectorize(lambda z: limited(int(z), 255) * 128, otypes=[object])(plane) for plane in planes]

    def layer(w: np.ndarray, x: list[int], bits: int, bias_bits: int, residual: bool) -> list[int]:
        out = []
        for o, row in enumerate(w):
            total = sum(int(a) * b for a, b in zip(row[:-1], x, strict=True)) + (int(row[-1]) << (7 + bits - bias_bits))
            out.append(total + (x[o] << bits if residual else 0))
        return out

    def activation(value: int) -> int:
        return min(abs(value) if shape.magnitudes else max(value, 0), 32767)

    for level in range(shape.levels - 1, -1, -1):
        rows, columns = shape.grid(level)
        for row in range(rows):
            for column in range(columns):
                x = []
                for dy, dx in NEIGHBOURS[: shape.neighbours]:
                    r, c = row + dy, column + dx
                    x.append(seen[level][r, c] if r >= 0 and 0 <= c < columns else 0)
                for f in range(shape.features):
                    total = 0
                    if level < shape.feature_levels:
                        for i in range(shape.levels - 1 - level):
                            total += (
                                int(p.features[level][f, i]) * seen[level + 1 + i][row >> (i + 1), column >> (i + 1)]
                            )
                    x.append(limited(rounded(total, k[6])))
                h1 = [activation(rounded(v, k[0])) for v in layer(p.context1, x, k[0], k[1], True)]
                h2 = [activation(rounded(v, k[2])) for v in layer(p.context2, h1, k[2], k[3], True)]
                mean, scale = layer(p.output, h2 + x, k[4], k[5], False)
                values.append(int(planes[level][row, column]))
                means.append(limited(rounded(mean, k[4] - 1), MEAN_LIMIT * MEAN_UNIT))
                scales.append(min(max(rounded(scale, k[4] + 3) + 32, 0), LAPLACE_SCALES - 1))
    return values, scales, means


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scale", [0.3, 1.5, 200])
@pytest.mark.parametrize("magnitudes", [True, False])
def test_the_code_is_that_of_the_format_document(isa: str, size: str, scale: float, magnitudes: bool) -> None:
    quantised = model(size, magnitudes=magnitudes)
    latents = latents_of(quantised.shape, scale=scale)
    symbols = [np.array(column, np.int32) for column in distributions(quantised, latents)]
    coder = RangeEncoder()
    coder.laplace(*symbols)
    data = encoder_of(quantised, latents).code()
    assert data == coder.finish()
    bits = encoder_of(quantised, latents).bits()
    assert sum(bits) == pytest.approx(laplace_bits(*symbols).sum())
    reader = stream.LatentReader(quantised, [Section(stream.LATENTS, data)], 2)
    assert (reader.read() == latents).all()
    assert sum(reader.sizes()) == len(data)


def test_the_integer_model_costs_what_the_float_model_does() -> None:
    quantised = model("middle", 64, 96, spread=0.03)
    latents = latents_of(quantised.shape, scale=1)
    fit = _native.LatentFit(quantised.shape.native, np.zeros((64, 96, 3), np.uint8))
    fit.latents()[:] = latents
    _, expected = fit.evaluate(quantised.parameters(), None, 1)
    bits = encoder_of(quantised, latents).bits()
    assert sum(bits) == pytest.approx(expected, rel=0.03)


class TestNetworks:
    @pytest.mark.parametrize("size", SIZES)
    def test_what_is_written_is_read(self, size: str) -> None:
        quantised = model(size)
        read = networks.read(quantised.shape, networks.write(quantised))
        assert (read.levels == quantised.levels).all()
        assert (read.parameters() == quantised.parameters()).all()

    def test_rounding_is_to_the_nearest_level(self) -> None:
        quantised = model("middle")
        parameters = initial_parameters(quantised.shape, 3)
        error = networks.quantise(quantised.shape, parameters, BITS).parameters() - parameters
        for places, bits in zip(networks.tensors(quantised.shape), BITS, strict=True):
            assert np.abs(error[places]).max() <= 2.0 ** -(bits + 1)

    @pytest.mark.parametrize("size", SIZES)
    def test_tensors_hold_every_parameter_once(self, size: str) -> None:
        shape = model(size).shape
        assert sorted(np.concatenate(networks.tensors(shape))) == list(range(shape.parameters))
        assert len(networks.tensors(shape)) == len(TENSORS)

    def test_bits_that_nothing_depends_on_are_saved(self) -> None:
        quantised = model("middle")
        parameters = quantised.parameters()
        bits = networks.choose_bits(quantised.shape, parameters, None, (12,) * len(TENSORS), 1.0, lambda values: 0.0)
        assert max(bits) < 4

    def test_bits_that_matter_are_kept(self) -> None:
        quantised = model("middle")
        parameters = quantised.parameters()

        def cost(values: np.ndarray) -> float:
            return 1e9 * float(((values - parameters) ** 2).sum())

        bits = networks.choose_bits(quantised.shape, parameters, None, (8,) * len(TENSORS), 1e-3, cost)
        weights = [b for b, name in zip(bits, TENSORS, strict=True) if "weights" in name]
        assert min(weights) >= 7

    def test_a_parameter_too_large_for_the_integer_model_is_a_fit_error(self) -> None:
        quantised = model("middle")
        quantised.levels[networks.tensors(quantised.shape)[0][0]] = 40_000
        with pytest.raises(FitError, match="a context weight is too large"):
            networks.write(quantised)

    @given(st.binary(max_size=600))
    @settings(max_examples=50)
    def test_any_bytes_are_networks_or_are_refused(self, data: bytes) -> None:
        with contextlib.suppress(CorruptError):
            networks.read(LatentShape.of(9, 9, 3, 3, SIZES["tiny"]), data)

    @pytest.mark.parametrize(
        ("tensor", "bits", "level", "message"),
        [
            (0, 15, 0, "impossible precision"),
            (0, 7, 32_700, "too large"),
            (1, 15, 0, "finer than their sums"),
            (1, 7, 2**24 + 1, "bias is too large"),
            (2, 9, 16_000, "could overflow"),
            (6, 15, 0, "features have an impossible precision"),
            (6, 7, 2**20 + 1, "a feature's weight"),
        ],
    )
    def test_what_the_integer_model_cannot_take_is_said(self, tensor: int, bits: int, level: int, message: str) -> None:
        quantised = model("middle")
        places = networks.tensors(quantised.shape)[tensor]
        if level:
            quantised.levels[places] = level
        chosen = list(BITS)
        chosen[tensor] = bits
        error = Quantised(quantised.shape, quantised.levels, tuple(chosen)).error()
        assert error is not None
        assert message in error


class TestStream:
    def sections(self, magnitudes: bool = True) -> tuple[Quantised, np.ndarray, list[Section]]:
        quantised = model("middle", magnitudes=magnitudes)
        latents = latents_of(quantised.shape)
        return quantised, latents, list(stream.write(quantised, latents))

    def header(self, parameters: bytes) -> Header:
        return Header(stream.FAMILY, 37, 21, 3, 8, parameters)

    @pytest.mark.parametrize("magnitudes", [True, False])
    def test_what_is_written_is_read(self, magnitudes: bool) -> None:
        quantised, latents, sections = self.sections(magnitudes)
        shape = stream.read_shape(self.header(stream.header_parameters(quantised.shape)))
        assert shape == quantised.shape
        read = stream.read_networks(shape, sections)
        assert (read.levels == quantised.levels).all()
        reader = stream.LatentReader(read, sections, 1)
        assert (reader.read() == latents).all()
        assert len(reader.sizes()) == shape.levels
        assert sum(reader.sizes()) == len(sections[1].payload)

    @pytest.mark.parametrize(
        ("parameters", "error", "message"),
        [
            (bytes([4, 12, 4, 16]), CorruptError, "five sizes"),
            (bytes([4, 12, 4, 16, 4, 0]), UnsupportedError, "does not know"),
            (bytes([4, 12, 4, 16, 4, 2]), UnsupportedError, "does not know"),
            (bytes([4, 12, 4, 16, 4, 1, 1]), UnsupportedError, "does not know"),
            (bytes([4, 15, 4, 16, 4, 1]), CorruptError, "impossible model"),
            (bytes([0, 12, 4, 16, 4]), CorruptError, "impossible model"),
            (bytes([13, 12, 4, 16, 4]), CorruptError, "impossible model"),
            (bytes([4, 0, 4, 16, 4]), CorruptError, "impossible model"),
            (bytes([4, 15, 4, 16, 4]), CorruptError, "impossible model"),
            (bytes([4, 12, 9, 16, 4]), CorruptError, "impossible model"),
            (bytes([4, 12, 4, 0, 4]), CorruptError, "impossible model"),
            (bytes([4, 12, 4, 65, 4]), CorruptError, "impossible model"),
            (bytes([4, 12, 4, 16, 17]), CorruptError, "impossible model"),
        ],
    )
    def test_impossible_sizes_are_refused(self, parameters: bytes, error: type[FormatError], message: str) -> None:
        with pytest.raises(error, match=message):
            stream.read_shape(self.header(parameters))

    @pytest.mark.parametrize(
        ("change", "error", "message"),
        [
            (lambda s: s[:1], CorruptError, "one section of type 2 or 4, not 0"),
            (lambda s: [*s, s[1]], CorruptError, "one section of type 2 or 4, not 2"),
            (lambda s: [*s, Section(9, b"")], UnsupportedError, "unknown section type 9"),
        ],
    )
    def test_sections_that_do_not_fit_are_refused(self, change, error, message) -> None:  # type: ignore[no-untyped-def]
        quantised, _, sections = self.sections()
        with pytest.raises(error, match=message):
            stream.LatentReader(quantised, change(sections), 1)

    def test_an_unknown_ancillary_section_is_skipped(self) -> None:
        quantised, latents, sections = self.sections()
        reader = stream.LatentReader(quantised, [*sections, Section(container.ANCILLARY | 3, b"?")], 1)
        assert (reader.read() == latents).all()

    @pytest.mark.parametrize("damage", [lambda d: d + bytes(1), lambda d: d + b"123456789"])
    def test_bytes_after_the_latents_are_refused(self, damage) -> None:  # type: ignore[no-untyped-def]
        quantised, _, sections = self.sections()
        data = bytes(sections[1].payload)
        with pytest.raises(CorruptError, match="not what an encoder writes"):
            stream.LatentReader(quantised, [sections[0], Section(stream.LATENTS, damage(data))], 1).read()
