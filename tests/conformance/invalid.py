"""Files that every decoder refuses, and how coincodec does: class of the error, and a part of what it says.

Checksums are right unless they are what is wrong. A bomb asks for more than anyone has: none takes more than 200 bytes
of file unless it has to, and none much memory to be refused.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np

from conformance import bombs
from conformance.broken import (
    MODEL,
    SMALL,
    TOO_LONG,
    WEIGHTS,
    Case,
    beyond_latents,
    case,
    changed,
    corrupt,
    escape_of_18_bits,
    header,
    latent,
    latent_escape,
    logistic,
    of_codes,
    siren,
    tiled,
    tiled_codes,
    truncated,
    unsupported,
    whole,
    with_codes,
    with_networks,
    with_start,
)
from conformance.models import File, Latent, siren_of
from conformance.valid import profile
from second.integers import logistic_symbols
from second.layout import SIGNATURE
from second.writing import write_file, write_tiles


def _container() -> dict[str, Case]:
    return {
        "signature-empty-file": case("NotCoinError", "signature", lambda: b""),
        "signature-of-png": case("NotCoinError", "signature", lambda: b"\x89PNG\r\n\x1a\n" + bytes(60)),
        "signature-without-high-bit": case("NotCoinError", "signature", lambda: b"C" + SMALL[1:]),
        "signature-line-ends": case("NotCoinError", "signature", lambda: SMALL.replace(b"\r\n", b"\n")),
        "signature-cut": truncated("signature", lambda: SMALL[:4]),
        "version-0": unsupported("version 0", lambda: siren(version=0)),
        "version-2": unsupported("version 2", lambda: siren(version=2)),
        "family-0": unsupported("family 0", lambda: write_file(0, (3, 2), b"\1\0", [(1, WEIGHTS)])),
        "family-3": unsupported("family 3", lambda: write_file(3, (3, 2), b"\1\0", [(1, WEIGHTS)])),
        "sample-format-32-bits": unsupported("sample format", lambda: siren(sample_format=8)),
        "sample-format-reserved-bit": unsupported("sample format", lambda: siren(sample_format=0x80)),
        "width-0": corrupt("impossible size 0x2", lambda: siren(size=(0, 2))),
        "height-0": corrupt("impossible size 3x0", lambda: siren(size=(3, 0))),
        "width-beyond-2-20": corrupt("impossible size", lambda: siren(size=(2**20 + 1, 1))),
        "height-of-32-bits": corrupt("impossible size", lambda: siren(size=(1, 2**32 - 1))),
        "varint-longer-than-it-needs": corrupt("malformed", lambda: header("01 01 00 8300 02 02 0100 00")),
        "varint-of-33-bits": corrupt("malformed", lambda: header("01 01 00 FFFFFFFF1F 02 02 0100 00")),
        "varint-of-six-bytes": corrupt("malformed", lambda: header("01 01 00 FFFFFFFFFF01 02 02 0100 00")),
        "varint-without-end": corrupt("malformed", lambda: SIGNATURE + bytes([1, 1, 0]) + b"\xff" * 40),
        "header-cut": truncated("header", lambda: SMALL[:14]),
        "header-checksum": corrupt("header is damaged", lambda: changed(SMALL, 9, b"\4")),
        "header-of-sections-that-are-not-there": truncated(
            "header", lambda: SIGNATURE + bytes.fromhex("01 01 00 03 02 02 0100 FF")
        ),
        "section-checksum": corrupt("section 0 is damaged", lambda: changed(SMALL, len(SMALL) - 6, b"\x39")),
        "section-cut": truncated("file ends after", lambda: SMALL[:-1]),
        "section-beyond-the-file": truncated(
            "file ends after", lambda: header("01 01 00 03 02 02 0100 01 01 FFFFFFFF0F")
        ),
        "section-missing": truncated("file ends after", lambda: header("01 01 00 03 02 02 0100 01 01 0A")),
        "bytes-after-the-end": corrupt("follow the end", lambda: SMALL + b"\0"),
        "section-unknown": unsupported("section type 5", lambda: siren((1, WEIGHTS), (5, b""))),
        "section-unknown-latent": unsupported("section type 127", lambda: latent(*MODEL.sections(), (127, b""))),
        "sections-none": corrupt("no weights", lambda: write_file(1, (3, 2), b"\1\0", [])),
    }


def _colour() -> dict[str, Case]:
    return {
        "colour-two-of-one": corrupt(
            "two sections of colour", lambda: siren((112, b"\14\15"), (112, b"\14\15"), (1, WEIGHTS))
        ),
        "colour-points-and-profile": corrupt(
            "two sections of colour",
            lambda: siren((112, b"\14\15"), (113, zlib.compress(profile(b"RGB "))), (1, WEIGHTS)),
        ),
        "colour-after-the-model": corrupt("colour follows", lambda: siren((1, WEIGHTS), (112, b"\14\15"))),
        "colour-one-byte": corrupt("colour space", lambda: siren((112, b"\14"), (1, WEIGHTS))),
        "colour-primaries-0": corrupt("colour space", lambda: siren((112, b"\0\15"), (1, WEIGHTS))),
        "colour-primaries-2": corrupt("colour space", lambda: siren((112, b"\2\15"), (1, WEIGHTS))),
        "colour-transfer-3": corrupt("colour space", lambda: siren((112, b"\1\3"), (1, WEIGHTS))),
        "profile-not-zlib": corrupt("ICC profile", lambda: siren((113, b"no stream"), (1, WEIGHTS))),
        "profile-cut": corrupt("ICC profile", lambda: siren((113, zlib.compress(profile(b"RGB "))[:-3]), (1, WEIGHTS))),
        "profile-with-bytes-after": corrupt(
            "ICC profile", lambda: siren((113, zlib.compress(profile(b"RGB ")) + b"x"), (1, WEIGHTS))
        ),
        "profile-without-acsp": corrupt(
            "ICC profile", lambda: siren((113, zlib.compress(profile(b"RGB ").replace(b"acsp", b"acsq"))), (1, WEIGHTS))
        ),
        "profile-shorter-than-it-says": corrupt(
            "ICC profile", lambda: siren((113, zlib.compress(profile(b"RGB ")[:-1])), (1, WEIGHTS))
        ),
        "metadata-two-of-one": corrupt(
            "same kind", lambda: siren((1, WEIGHTS), (241, zlib.compress(b"a")), (241, zlib.compress(b"a"))), "metadata"
        ),
        "metadata-not-zlib": corrupt("metadata is damaged", lambda: siren((1, WEIGHTS), (240, b"II*\0")), "metadata"),
        "metadata-cut": corrupt(
            "metadata is damaged", lambda: siren((1, WEIGHTS), (241, zlib.compress(b"abcdef")[:-1])), "metadata"
        ),
        "metadata-with-bytes-after": corrupt(
            "metadata is damaged", lambda: siren((1, WEIGHTS), (241, zlib.compress(b"abcdef") + b"\0")), "metadata"
        ),
        "metadata-preset-dictionary": corrupt(
            "metadata is damaged",
            lambda: siren((1, WEIGHTS), (241, bytes.fromhex("78bb0000000103000000000001"))),
            "metadata",
        ),
        "resolution-of-0": corrupt(
            "resolution", lambda: siren((1, WEIGHTS), (242, struct.pack("<II", 7200, 0))), "metadata"
        ),
        "resolution-of-7-bytes": corrupt("resolution", lambda: siren((1, WEIGHTS), (242, bytes(7))), "metadata"),
    }


def _siren() -> dict[str, Case]:
    first = [(0, 40), (0, 40), (0, 40), (1, 84), (2, 84), (3, 84)]
    second = [(0, 40), (0, 40), (0, 40), (1, 84), (2, 84)]
    return {
        "siren-parameters-of-1-byte": corrupt("depth and width", lambda: siren(parameters="01")),
        "siren-parameters-of-3-bytes": unsupported("parameters", lambda: siren(parameters="010000")),
        "siren-0-layers": corrupt("impossible network", lambda: siren(parameters="0000")),
        "siren-65-layers": corrupt("impossible network", lambda: siren(parameters="4100")),
        "siren-two-sections-of-weights": corrupt(
            "two sections", lambda: siren((1, WEIGHTS), (2, logistic(*first, *second)))
        ),
        "siren-half-too-few": corrupt("weights", lambda: siren((1, WEIGHTS[:-2]))),
        "siren-half-too-many": corrupt("weights", lambda: siren((1, WEIGHTS + b"\0\0"))),
        "siren-half-of-odd-length": corrupt("weights", lambda: siren((1, WEIGHTS + b"\0"))),
        "siren-half-infinite": corrupt("not finite", lambda: siren((1, changed(WEIGHTS, 0, b"\x00\x7c")))),
        "siren-half-not-a-number": corrupt("not finite", lambda: siren((1, changed(WEIGHTS, 6, b"\x01\x7e")))),
        "siren-half-signalling": corrupt("not finite", lambda: siren((1, changed(WEIGHTS, 6, b"\x01\x7c")))),
        "siren-row-above-4096": corrupt(
            "too large", lambda: siren_of([np.array([[2048, 2046, 4]]), np.array([[0.5, 0.5]])], File(3, 2))
        ),
        "siren-bias-above-4096": corrupt(
            "too large", lambda: siren_of([np.array([[0, 0, 1]]), np.array([[0.5, -4100]])], File(3, 2))
        ),
        "siren-coded-row-above-4096": corrupt(
            "too large",
            lambda: siren((2, logistic((-64, 40), (0, 40), (0, 40), (200, 84), (57, 84), (0, 84), *second))),
        ),
        "siren-step-below-0": corrupt("step or scale", lambda: siren((2, logistic((-65, 40), *first[1:], *second)))),
        "siren-step-above-255": corrupt("step or scale", lambda: siren((2, logistic((192, 40), *first[1:], *second)))),
        "siren-scale-below-0": corrupt(
            "step or scale", lambda: siren((2, logistic((0, 40), (-85, 40), *first[2:], *second)))
        ),
        "siren-scale-above-159": corrupt(
            "step or scale", lambda: siren((2, logistic((0, 40), (0, 40), (76, 40), *first[3:], *second)))
        ),
        "siren-code-too-long": corrupt("left over", lambda: siren((2, logistic(*first, *second) + TOO_LONG))),
        "siren-code-ends-in-0": corrupt("left over", lambda: siren((2, logistic(*first, *second) + b"\0"))),
        "siren-code-of-one-byte-0": corrupt("step or scale", lambda: siren((2, b"\0"))),
        "siren-escape-of-18-bits": corrupt(
            "impossible number", lambda: siren((2, escape_of_18_bits(logistic_symbols(40), 1)))
        ),
    }


def _latent() -> dict[str, Case]:
    first, second = MODEL.sections()
    p = MODEL.parameters
    large = [[2, 32767, 32767], [0, 0, 0], [0, 0, 0]]
    return {
        "latent-parameters-of-4-bytes": corrupt("five sizes", lambda: latent(parameters=p[:4])),
        "latent-parameters-of-7-bytes": unsupported("parameters", lambda: latent(parameters=p + b"\0")),
        "latent-sixth-parameter-0": unsupported("parameters", lambda: latent(parameters=p[:5] + b"\0")),
        "latent-sixth-parameter-2": unsupported("parameters", lambda: latent(parameters=p[:5] + b"\2")),
        "latent-0-grids": corrupt("impossible model", lambda: latent(parameters=changed(p, 0, b"\0"))),
        "latent-13-grids": corrupt("impossible model", lambda: latent(parameters=changed(p, 0, b"\15"))),
        "latent-0-neighbours": corrupt("impossible model", lambda: latent(parameters=changed(p, 1, b"\0"))),
        "latent-15-neighbours": corrupt("impossible model", lambda: latent(parameters=changed(p, 1, b"\17"))),
        "latent-9-features": corrupt("impossible model", lambda: latent(parameters=changed(p, 2, b"\11"))),
        "latent-0-hidden": corrupt("impossible model", lambda: latent(parameters=changed(p, 3, b"\0"))),
        "latent-65-hidden": corrupt("impossible model", lambda: latent(parameters=changed(p, 3, b"\x41"))),
        "latent-17-block": corrupt("impossible model", lambda: latent(parameters=changed(p, 4, b"\x11"))),
        "latent-without-networks": corrupt("type 1 or 3 or 5, not 0", lambda: latent(second)),
        "latent-without-latents": corrupt("type 2 or 4, not 0", lambda: latent(first)),
        "latent-two-networks": corrupt("type 1 or 3 or 5, not 2", lambda: latent(first, first, second)),
        "latent-two-latents": corrupt("type 2 or 4, not 2", lambda: latent(first, second, (4, b""))),
        "latent-latents-first": corrupt("before the networks", lambda: latent(second, first)),
        "latent-bits-0": corrupt("precision or scale", lambda: latent((1, logistic((-6, 30), (0, 30))), second)),
        "latent-bits-15": corrupt("precision or scale", lambda: latent((1, logistic((9, 30), (0, 30))), second)),
        "latent-scale-below-0": corrupt(
            "precision or scale", lambda: latent((1, logistic((0, 30), (-33, 30))), second)
        ),
        "latent-scale-above-159": corrupt(
            "precision or scale", lambda: latent((1, logistic((0, 30), (128, 30))), second)
        ),
        "latent-escape-of-18-bits-in-networks": corrupt(
            "impossible number",
            lambda: latent((1, escape_of_18_bits(logistic_symbols(30), 1)), second),
        ),
        "latent-networks-too-long": corrupt("left over", lambda: latent((1, first[1] + TOO_LONG), second)),
        "latent-networks-end-in-0": corrupt("left over", lambda: latent((1, first[1] + b"\0"), second)),
        "latent-context-weight-too-large": corrupt(
            "weight is too large",
            with_networks(values={("context 1 weights", 0, 1): 32768}, bits={"context 1 weights": 1}),
        ),
        "latent-context-weight-too-large-with-its-input": corrupt(
            "weight is too large",
            with_networks(values={("context 2 weights", 1, 1): 32766}, bits={"context 2 weights": 1}),
        ),
        "latent-context-sum-too-large": corrupt(
            "could overflow",
            with_networks(values={"context 1 weights": large}, bits={"context 1 weights": 1}),
        ),
        "latent-output-sum-too-large": corrupt("could overflow", with_networks(values={"output weights": 20000})),
        "latent-bias-too-large": corrupt(
            "bias is too large", with_networks(values={"context 2 biases": 2**24 + 1}, bits={"context 2 biases": 14})
        ),
        "latent-bias-makes-sum-too-large": corrupt(
            "could overflow", with_networks(values={"context 1 biases": 2**23}, bits={"context 1 biases": 1})
        ),
        "latent-biases-finer-than-sums": corrupt(
            "finer than their sums", with_networks(bits={"context 1 weights": 1, "context 1 biases": 9})
        ),
        "latent-feature-weight-too-large": corrupt("feature's weight", with_networks(values={"features": 2**20 + 1})),
        "latent-start-0": unsupported("start 0", lambda: with_start(0, 64)),
        "latent-start-7": unsupported("start 7", lambda: with_start(7, 64)),
        "latent-start-e-64": corrupt("impossible start", lambda: with_start(1, 128)),
        "latent-start-of-1-byte": corrupt("impossible start", lambda: latent((3, b"\1"), second)),
        "latent-start-of-another-size": corrupt("another size", lambda: with_start(4, 64)),
        "latent-start-without-magnitudes": corrupt(
            "another size", lambda: with_start(1, 64, Latent(1, File(6, 5), 2, 12, 4, 16, 4, magnitudes=False))
        ),
        "latent-codes-of-1-byte": corrupt("impossible start", lambda: latent((5, b"\7"), second)),
        "latent-codes-e-64": corrupt("impossible start", lambda: with_codes(b"\7\x80")),
        "latent-codes-of-start-6": unsupported("start 6", lambda: with_codes(b"\6\x40")),
        "latent-codes-of-start-13": unsupported("start 13", lambda: with_codes(b"\x0d\x40")),
        "latent-codes-of-another-size": corrupt("another size", lambda: latent((5, b"\7\x40"), second)),
        "latent-codes-all-0": corrupt("impossible codes", lambda: with_codes(of_codes(0))),
        "latent-codes-beyond-255": corrupt("impossible codes", lambda: with_codes(of_codes(256))),
        "latent-codes-left-over": corrupt("left over", lambda: with_codes(of_codes(1) + b"\1\2\3\4\5\6\7\x08")),
        "latent-codes-in-too-large-units": corrupt(
            "context weight is too large", lambda: with_codes(bytes([9, 64 + 63]))
        ),
        "latent-code-too-long": corrupt("not what an encoder writes", lambda: latent(first, (2, whole() + TOO_LONG))),
        "latent-code-ends-in-0": corrupt("not what an encoder writes", lambda: latent(first, (2, whole() + b"\0"))),
        "latent-below-2-15": corrupt("not what an encoder writes", lambda: beyond_latents(-(2**15) - 1)),
        "latent-above-2-15": corrupt("not what an encoder writes", lambda: beyond_latents(2**15 + 1)),
        "latent-escape-of-18-bits": corrupt("not what an encoder writes", latent_escape),
        "tiles-of-16": corrupt("impossible tiles", lambda: tiled(b"\4\4", [0, 0], b"")),
        "tiles-of-2-21": corrupt("impossible tiles", lambda: tiled(b"\x15\x15", [0, 0], b"")),
        "tiles-not-nested": corrupt("impossible tiles", lambda: tiled(b"\5\7", [0, 0], b"")),
        "tiles-without-table": truncated("table of tiles", lambda: tiled(b"\5", [], b"")),
        "tiles-of-fewer-lengths": truncated("table of tiles", lambda: tiled(b"\5\5", [], b"")),
        "tiles-length-malformed": corrupt("malformed", lambda: tiled(b"\5\5", [], b"\x80\x00\x00\x00")),
        "tiles-length-cut": truncated("table of tiles", lambda: tiled(b"\5\5", [], b"\x80\x80")),
        "tiles-longer-than-their-section": corrupt(
            "as long as their section", lambda: tiled(b"\5\5", [0, 200], b"abc")
        ),
        "tiles-shorter-than-their-section": corrupt("as long as their section", lambda: tiled(b"\5\5", [0, 0], b"abc")),
        "tiles-code-too-long": corrupt(
            "not what an encoder writes",
            lambda: latent(first, (4, write_tiles({0: 5, 1: 5}, [code + TOO_LONG for code in tiled_codes()]))),
        ),
        "tiles-code-ends-in-0": corrupt(
            "not what an encoder writes",
            lambda: latent(first, (4, write_tiles({0: 5, 1: 5}, [code + b"\0" for code in tiled_codes()]))),
        ),
        "tiles-code-of-two-bytes-0": corrupt("not what an encoder writes", lambda: tiled(b"\5\5", [2, 0], b"\0\0")),
    }


CASES = _container() | _colour() | _siren() | _latent() | bombs.cases()
