"""Grids in tiles: the same picture as from one code, as a whole and in part; and what a stream of tiles may not be."""

from __future__ import annotations

import contextlib
import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import coincodec
from coincodec import PartialWarning, container
from coincodec.container import Section
from coincodec.errors import CorruptError, FormatError, TruncatedError
from coincodec.latent import networks, stream, tiles
from coincodec.latent.model import SIZES, LatentShape, Size, initial_parameters, parts
from coincodec.latent.networks import TENSORS, Quantised
from coincodec.latent.stream import LatentReader
from coincodec.varint import varint
from coincodec.view import Region
from grids import Table, encoder_of, in_tiles, table_of

WIDTH, HEIGHT = 233, 131
CUT = [5, 6, 5, 20, 20]  # log2 of the tiles' sides, finest grid first


@pytest.fixture(scope="module")
def one_code(photo: np.ndarray) -> bytes:
    """A photograph of odd sides, all grids in one code."""
    part = np.ascontiguousarray(photo[:HEIGHT, :WIDTH])
    return coincodec.encode(part, model="latent", preset="fast", tune="psnr", steps=60, bpp=0.9)


@pytest.fixture(scope="module")
def tiled(one_code: bytes) -> bytes:
    """The same in tiles."""
    shape = stream.read_shape(container.read_layout(one_code).header)
    return in_tiles(one_code, [*CUT, *[20] * shape.levels][: shape.levels])


def drawn(height: int, width: int, levels: int, size: Size, seed: int, scale: float) -> tuple[Quantised, np.ndarray]:
    """Networks and latents drawn at random."""
    rng = np.random.default_rng(seed)
    shape = LatentShape.of(height, width, 3, levels, size)
    parameters = initial_parameters(shape, seed)
    parameters += rng.normal(0, 0.1, parameters.shape).astype(np.float32)
    parts(shape, parameters).output[1, -1] = 4
    latents = shape.empty_latents()
    for level in range(levels):
        drawn = np.rint(rng.laplace(0, scale * 2**level, shape.grid(level)))
        shape.plane(latents, level)[:] = np.clip(drawn, -32768, 32768)
    return networks.quantise(
        shape, parameters, (7, 9, 8, 6, 7, 9, 8, 10, 7, 9, 8, 10, 8, 8, 8)[: len(TENSORS)]
    ), latents


def sections_of(quantised: Quantised, latents: np.ndarray, bits: list[int], threads: int = 1) -> list[Section]:
    grids = [tiles.cut(encoder_of(quantised, latents), level, b, threads) for level, b in enumerate(bits)]
    return [Section(stream.NETWORKS, networks.write(quantised)), Section(stream.TILES, tiles.write(grids))]


class TestPicture:
    def test_it_is_that_of_one_code(self, one_code: bytes, tiled: bytes) -> None:
        expected = coincodec.decode(one_code)
        for threads in (1, 3):
            assert np.array_equal(coincodec.decode(tiled, threads=threads), expected)
        assert coincodec.info(tiled).parts.keys() == coincodec.info(one_code).parts.keys()
        assert sum(coincodec.info(tiled).parts.values()) + coincodec.info(tiled).header_bytes == len(tiled)

    @given(st.data())
    @settings(max_examples=30)
    def test_a_region_is_that_of_the_whole(self, one_code: bytes, tiled: bytes, data: st.DataObject) -> None:
        left, right = sorted(data.draw(st.tuples(st.integers(0, WIDTH - 1), st.integers(1, WIDTH))))
        top, bottom = sorted(data.draw(st.tuples(st.integers(0, HEIGHT - 1), st.integers(1, HEIGHT))))
        region = (left, top, max(right, left + 1), max(bottom, top + 1))
        expected = coincodec.decode(one_code)[region[1] : region[3], region[0] : region[2]]
        for code in (one_code, tiled):
            assert np.array_equal(coincodec.decode(code, region=region), expected)

    def test_another_size_and_drafts_too(self, one_code: bytes, tiled: bytes) -> None:
        for options in ({"size": (60, 40)}, {"size": (60, 40), "draft": True}, {"scale": 1.5}):
            assert np.array_equal(coincodec.decode(tiled, **options), coincodec.decode(one_code, **options))

    @pytest.mark.parametrize("band", [1 << 20, 7 * WIDTH])
    def test_previews_too(self, one_code: bytes, tiled: bytes, band: int, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("coincodec.codec._BAND", band)
        for a, b in zip(coincodec.progressive(one_code), coincodec.progressive(tiled), strict=True):
            assert (a.step, a.work) == (b.step, b.work)
            assert np.array_equal(a.samples, b.samples)

    def test_rows_in_narrow_bands_are_the_picture(self, tiled: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
        """What lies above a band is forgotten, and tiles that were begun go on."""
        expected = coincodec.decode(tiled)
        monkeypatch.setattr("coincodec.codec._BAND", 7 * WIDTH)
        with coincodec.open(io.BytesIO(tiled)) as file:
            bands = list(file.rows())
        assert len(bands) > 15
        assert np.array_equal(np.concatenate(bands), expected)

    def test_a_small_part_reads_few_tiles(self) -> None:
        quantised, latents = drawn(HEIGHT, WIDTH, 5, SIZES["middle"], 1, 2)
        reader = LatentReader(quantised, sections_of(quantised, latents, CUT), 1)
        out = reader.shape.plane(reader.read(Region(100, 70, 110, 75)), 0)
        expected = np.zeros_like(out)
        # The tile that holds it, down to the row after it.
        expected[64:76, 96:128] = quantised.shape.plane(latents, 0)[64:76, 96:128]
        assert np.array_equal(out, expected)


class TestCode:
    @given(
        st.integers(1, 90), st.integers(1, 90), st.integers(1, 5), st.sampled_from(["small", "middle"]),
        st.sampled_from([0.2, 3.0, 300.0]), st.data(),
    )  # fmt: skip
    @settings(max_examples=40)
    def test_what_is_written_is_read(
        self, height: int, width: int, levels: int, size: str, scale: float, data: st.DataObject
    ) -> None:
        quantised, latents = drawn(height, width, levels, SIZES[size], levels, scale)
        bits = [data.draw(st.integers(5, 7))]
        for _ in range(levels - 1):
            bits.append(data.draw(st.integers(max(5, bits[-1] - 1), 7)))
        sections = sections_of(quantised, latents, bits, data.draw(st.sampled_from([1, 2])))
        reader = LatentReader(stream.read_networks(quantised.shape, sections), sections, 2)
        assert np.array_equal(reader.read(), latents)
        assert sum(reader.sizes()) == len(sections[1].payload)

    def test_a_tile_is_a_picture_of_its_own(self) -> None:
        """Its contexts end at its border: the code is that of a picture with these latents alone."""
        quantised, latents = drawn(64, 96, 1, Size(12, 0, 8, 0), 1, 2)
        grid = tiles.cut(encoder_of(quantised, latents), 0, 5, 1)
        assert len(grid.codes) == 6
        small = LatentShape.of(32, 32, 3, 1, Size(12, 0, 8, 0))
        part = small.empty_latents()
        small.plane(part, 0)[:] = quantised.shape.plane(latents, 0)[32:64, 32:64]
        assert grid.codes[4] == encoder_of(replace(quantised, shape=small), part).code()

    def test_latents_whose_code_takes_no_byte_are_no_tile_of_zeros(self) -> None:
        """The lowest symbol has the code 0, of which nothing is left: a byte stands for it."""
        quantised, latents = drawn(1, 33, 1, SIZES["small"], 0, 1)
        plane, found = quantised.shape.plane(latents, 0), 0
        for latent in range(-600, 1):
            plane[0, 32] = latent
            code = tiles.cut(encoder_of(quantised, latents), 0, 5, 1).codes[1]
            assert (code == b"") == (latent == 0)
            if code == b"\0":
                found += 1
                sections = sections_of(quantised, latents, [5])
                assert np.array_equal(LatentReader(quantised, sections, 1).read(), latents)
        assert found == 1

    def test_any_threads_write_the_same(self) -> None:
        quantised, latents = drawn(150, 170, 4, SIZES["middle"], 2, 1)
        first, second = (sections_of(quantised, latents, [5, 5, 5, 5], threads) for threads in (1, 4))
        assert first[1].payload == second[1].payload

    def test_tiles_are_as_small_as_pays(self, monkeypatch: pytest.MonkeyPatch) -> None:
        quantised, latents = drawn(700, 900, 3, SIZES["middle"], 3, 1)
        one = len(encoder_of(quantised, latents).code())
        sides = {}
        for worth in (-1, 0.004, 0.1):
            monkeypatch.setattr(tiles, "_WORTH", worth)
            grids = tiles.choose(quantised.shape, encoder_of(quantised, latents), 2)
            assert tiles.nested([grid.bits for grid in grids])
            assert sum(grid.bytes for grid in grids) <= one * (1 + 3 * max(worth, 0)) + 20
            sides[worth] = grids[0].bits
        assert list(sides.values()) == sorted(sides.values(), reverse=True)
        assert sides[0.1] < sides[-1]

    def test_large_pictures_are_in_tiles_and_small_ones_are_not(self, monkeypatch: pytest.MonkeyPatch) -> None:
        quantised, latents = drawn(100, 300, 3, SIZES["small"], 3, 1)
        assert stream.write(quantised, latents)[1].type == stream.LATENTS
        monkeypatch.setattr(tiles, "LEAST_PIXELS", 30_000)
        assert stream.write(quantised, latents)[1].type == stream.TILES


class TestCutStream:
    def test_no_latent_is_guessed(self, tiled: bytes) -> None:
        """What is decoded of any prefix is what the whole stream has there, or 0; more bytes never say less."""
        header, sections = container.read(tiled)
        read = stream.read_networks(stream.read_shape(header), sections)
        expected = LatentReader(read, sections, 1).read()
        begin = len(tiled) - len(sections[1].payload) - 4
        start = begin + table_of(read.shape.levels, sections[1].payload).start
        known = []
        for cut in range(start, len(tiled) - 4, 41):
            _, parts = container.read(tiled[:cut], cut=True)
            latents = LatentReader(read, parts, 1).read()
            assert ((latents == expected) | (latents == 0)).all()
            known.append(int((latents != 0).sum()))
        assert known == sorted(known)
        assert known[-1] > 0.9 * int((expected != 0).sum())
        with pytest.raises(TruncatedError, match="within the table of tiles"):
            LatentReader(read, container.read(tiled[: start - 3], cut=True)[1], 1)

    def test_what_is_missing_is_said(self, tiled: bytes) -> None:
        with pytest.warns(PartialWarning, match=r"without grid 1:1 from row \d+ of 131 on$"):
            coincodec.decode(tiled[:-40], partial=True)
        with pytest.warns(PartialWarning, match=r"without grid 1:\d+ from row \d+ of \d+ on and \d finer grids"):
            coincodec.decode(tiled[: len(tiled) // 3], partial=True)

    def test_a_region_that_is_there_is_whole(self, tiled: bytes) -> None:
        """Of a cut file, without a word of what lies elsewhere."""
        region = (0, 0, 60, 30)
        expected = coincodec.decode(tiled, region=region)
        assert np.array_equal(coincodec.decode(tiled[:-40], region=region, partial=True), expected)


class TestRefused:
    def changed(self, tiled: bytes, change) -> bytes:  # type: ignore[no-untyped-def]
        header, sections = container.read(tiled)
        shape = stream.read_shape(header)
        found = table_of(shape.levels, sections[1].payload)
        payload = change(bytes(sections[1].payload), found)
        return container.write(header, [sections[0], Section(stream.TILES, payload)])

    @pytest.mark.parametrize("first", [[4, 20], [21, 20], [7, 5]])
    def test_impossible_sides(self, tiled: bytes, first: list[int]) -> None:
        """Too small, too large, finer tiles across several coarse ones."""

        def change(payload: bytes, found: Table) -> bytes:
            bits = [*first, *found.bits[2:]]
            return bytes(reversed(bits)) + payload[len(bits) :]

        with pytest.raises(CorruptError, match="impossible tiles"):
            coincodec.decode(self.changed(tiled, change))

    def test_more_tiles_than_bytes(self) -> None:
        huge = LatentShape.of(2**10, 2**20, 3, 1, SIZES["small"])
        nothing = Quantised(huge, np.zeros(huge.parameters, np.int32), (6,) * len(TENSORS))
        with pytest.raises(CorruptError, match="tiles do not fit"):
            LatentReader(nothing, [Section(stream.TILES, bytes([5]) + bytes(40))], 1)

    def test_lengths_that_do_not_add_up(self, tiled: bytes) -> None:
        with pytest.raises(CorruptError, match="not as long as their section"):
            coincodec.decode(self.changed(tiled, lambda payload, found: payload + b"1"))

    def test_a_byte_of_one_tile_in_the_next(self, tiled: bytes) -> None:
        def change(payload: bytes, found: Table) -> bytes:
            lengths = list(found.lengths)
            largest = lengths.index(max(lengths))
            lengths[largest] += 1
            lengths[-1 if largest < len(lengths) - 1 else -2] -= 1
            return payload[: len(found.bits)] + b"".join(map(varint, lengths)) + payload[found.start :]

        with pytest.raises(CorruptError):
            coincodec.decode(self.changed(tiled, change))

    def test_latents_twice(self, one_code: bytes, tiled: bytes) -> None:
        header, sections = container.read(tiled)
        both = [*sections, container.read(one_code)[1][1]]
        with pytest.raises(CorruptError, match="one section of type 2 or 4, not 2"):
            coincodec.decode(container.write(header, both))

    @given(st.data())
    @settings(max_examples=60)
    def test_any_damage_with_right_checksums_is_a_picture_or_refused(self, tiled: bytes, data: st.DataObject) -> None:
        def change(payload: bytes, found: Table) -> bytes:
            at = data.draw(st.integers(0, found.start + 200))
            return payload[:at] + bytes([data.draw(st.integers(0, 255))]) + payload[at + 1 :]

        with contextlib.suppress(FormatError):
            assert coincodec.decode(self.changed(tiled, change)).shape == (HEIGHT, WIDTH, 3)
