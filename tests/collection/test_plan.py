"""Which pictures there are, and where what is made of them goes."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from coincodec.collection import plan, store
from coincodec.collection.plan import Item
from coincodec.errors import UsageError


def renamed(name: str) -> str:
    return name.rsplit(".", 1)[0] + ".coin"


def taken(name: str) -> bool:
    return name.endswith((".png", ".jpg"))


def pairs(*inputs: str | Path, output: str = "out") -> list[tuple[str, str]]:
    return [(item.source, item.output) for item in plan.items(inputs, output, renamed, taken)]


@pytest.fixture(autouse=True)
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some files, none of which is looked into."""
    monkeypatch.chdir(tmp_path)
    for name in (
        "photos/b.png",
        "photos/a.png",
        "photos/deep/er/c.jpg",
        "photos/.hidden/d.png",
        "photos/e.txt",
        "f.png",
    ):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(b"12345")


def test_folders_are_gone_through_by_name() -> None:
    assert pairs("photos") == [
        ("photos/a.png", "out/a.coin"),
        ("photos/b.png", "out/b.coin"),
        ("photos/deep/er/c.jpg", "out/deep/er/c.coin"),
    ]
    assert plan.items(["photos"], "out", renamed, taken)[0] == Item("photos/a.png", "out/a.coin", 5)


def test_what_is_named_is_taken_whatever_its_name() -> None:
    assert pairs("photos/e.txt", Path("f.png"), "nowhere.x") == [
        ("photos/e.txt", "out/e.coin"),
        ("f.png", "out/f.coin"),
        ("nowhere.x", "out/nowhere.coin"),
    ]


@pytest.mark.parametrize("pattern", ["photos/**/*.jpg", "./photos/**/*.jpg", "photos/*/*/c.*"])
def test_names_lie_below_the_fixed_part_of_a_pattern(pattern: str) -> None:
    assert [output for _, output in pairs(pattern)] == ["out/deep/er/c.coin"]


def test_patterns_of_whole_paths_and_of_folders(tmp_path: Path) -> None:
    assert pairs(f"{tmp_path}/p*/*.png")[0] == (f"{tmp_path}/photos/a.png", "out/photos/a.coin")
    assert pairs("photos/d*") == [("photos/deep/er/c.jpg", "out/deep/er/c.coin")]
    assert pairs("*") == [("f.png", "out/f.coin"), *((s, o.replace("out/", "out/photos/")) for s, o in pairs("photos"))]


def test_a_file_whose_name_looks_like_a_pattern_is_a_file() -> None:
    Path("photos/[1].png").write_bytes(b"")
    assert pairs("photos/[1].png") == [("photos/[1].png", "out/[1].coin")]


def test_the_same_input_twice_is_one() -> None:
    assert len(pairs("photos", "photos/a.png", "./photos")) == 3


def test_two_inputs_that_would_become_one_file_are_refused() -> None:
    Path("photos/a.jpg").write_bytes(b"")
    with pytest.raises(UsageError, match=r"photos/a\.jpg and photos/a\.png would both become out/a\.coin"):
        pairs("photos")


def test_an_output_that_is_an_input_is_refused() -> None:
    with pytest.raises(UsageError, match=r"photos/a\.png is one of the inputs"):
        plan.items(["photos"], "photos", lambda name: name, taken)


@pytest.mark.parametrize("inputs", [[], ["photos/*.tiff"], ["photos/.hidden/nothing*"]])
def test_nothing_to_do(inputs: list[str]) -> None:
    with pytest.raises(UsageError, match="nothing to do"):
        pairs(*inputs)


class TestUrls:
    def test_files_of_this_machine(self, tmp_path: Path) -> None:
        assert pairs(f"file://{tmp_path}/f.png") == [(f"{tmp_path}/f.png", "out/f.coin")]

    def test_archives(self) -> None:
        pytest.importorskip("fsspec")
        with zipfile.ZipFile("all.zip", "w") as archive:
            archive.write("photos/a.png", "in/a.png")
            archive.write("photos/e.txt", "in/e.txt")
        ((source, output),) = pairs("zip://::all.zip")
        assert (source, output) == ("zip://in/a.png::all.zip", "out/in/a.coin")
        assert store.read(source) == b"12345"
        assert pairs("zip://in/*.png::all.zip") == [(source, "out/a.coin")]
        assert pairs("zip://in::all.zip") == [(source, "out/a.coin")]

    def test_memory(self) -> None:
        pytest.importorskip("fsspec")
        store.write("memory://place/x/y.png", b"1")
        assert pairs("memory://place", output="memory://out") == [("memory://place/x/y.png", "memory://out/x/y.coin")]
        assert pairs("memory://place/*/*.png", output="s3://bucket/out/") == [
            ("memory://place/x/y.png", "s3://bucket/out/x/y.coin")
        ]

    @pytest.mark.parametrize("output", ["zip://::a.zip", "http://host/a", "zip://x::s3://b/a.zip"])
    def test_what_cannot_be_written_to(self, output: str) -> None:
        with pytest.raises(UsageError, match="cannot be an output"):
            store.check_output(output)

    def test_what_nobody_knows(self) -> None:
        pytest.importorskip("fsspec")
        with pytest.raises(UsageError, match=r"nowhere://a\.png cannot be opened"):
            pairs("nowhere://a.png")
