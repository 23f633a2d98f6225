"""Words of the command line name files, globs, objects and standard input; formats are told by names or beginnings."""

from pathlib import Path

import obstore
import pytest
from obstore.store import MemoryStore

from segue.client.files.formats import format_of
from segue.client.files.inputs import StandardInput
from segue.client.files.places import find_inputs, glob_pattern
from segue.client.files.problems import FileInvalid
from segue.v1.block_pb2 import BlockFormat
from segue.v1.profile_pb2 import Profile, ProfileBatch


def test_globs_are_files_in_order_of_names_and_words_stay_in_theirs(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", "c.txt", "2026/d.csv", "odd[1].csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    words = [str(tmp_path / word) for word in ("c.txt", "[ab].csv", "**/d.csv", "odd[1].csv")]
    found = [each.file_name for each in find_inputs(words)]
    assert found == ["c.txt", "a.csv", "b.csv", "d.csv", "odd[1].csv"]


@pytest.mark.parametrize("word", ["nothing.csv", "nothing*.csv", "."])
def test_what_is_not_there_is_told_of(tmp_path: Path, word: str) -> None:
    with pytest.raises(FileInvalid):
        find_inputs([str(tmp_path / word)])


def test_standard_input_is_read_once() -> None:
    assert isinstance(find_inputs(["-"])[0], StandardInput)
    with pytest.raises(FileInvalid, match="once"):
        find_inputs(["-", "-"])


def test_objects_are_listed_by_globs_and_read_in_ranges() -> None:
    store = MemoryStore()
    large = bytes(range(256)) * (40 << 10)
    for path, data in {"x/a.csv": b"a", "x/b.csv": large, "x/y/c.csv": b"c", "z.csv": b"z"}.items():
        obstore.put(store, path, data)
    found = find_inputs(["s3://shop/x/*.csv"], store)
    assert [each.name for each in found] == ["s3://shop/x/a.csv", "s3://shop/x/b.csv"]
    stream = found[1].stream()
    assert stream.read(len(large) + 1) == large
    assert (found[1].size_bytes, stream.position_bytes) == (len(large), len(large))
    again = found[1].stream()
    again.look(10)
    again.skip(9_000_001)
    assert again.read(3) == large[9_000_001:9_000_004]
    assert [each.file_name for each in find_inputs(["s3://shop/**/*.csv"], store)] == [
        "a.csv",
        "b.csv",
        "c.csv",
        "z.csv",
    ]
    [single] = find_inputs(["s3://shop/z.csv"], store)
    identity = single.identity()
    assert identity is not None
    obstore.put(store, "z.csv", b"y")
    assert find_inputs(["s3://shop/z.csv"], store)[0].identity() != identity
    for url in ("s3://shop/none.csv", "s3://shop/none/*.csv"):
        with pytest.raises(FileInvalid, match="no object"):
            find_inputs([url], store)


def test_a_file_is_an_object_too(tmp_path: Path) -> None:
    (tmp_path / "a b.csv").write_bytes(b"id\n1\n")
    [found] = find_inputs([f"file://{tmp_path}/a*.csv"])
    assert found.stream().read(9) == b"id\n1\n"


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("a/*.csv", "a/b.csv", True),
        ("a/*.csv", "a/b/c.csv", False),
        ("a/**/*.csv", "a/b.csv", True),
        ("a/**", "a/b/c.csv", True),
        ("a?[0-9].csv", "ab1.csv", True),
        ("a?[!0-9].csv", "ab1.csv", False),
        ("a.csv", "aXcsv", False),
    ],
)
def test_globs_over_objects_are_those_over_files(pattern: str, path: str, *, matches: bool) -> None:
    assert bool(glob_pattern(pattern).fullmatch(path)) is matches


@pytest.mark.parametrize(
    ("name", "beginning", "expected"),
    [
        ("a.CSV.gz", b"{", BlockFormat.BLOCK_FORMAT_CSV),
        ("a.jsonl", b"", BlockFormat.BLOCK_FORMAT_NDJSON),
        ("a.binpb.zst", b"", BlockFormat.BLOCK_FORMAT_PROFILE_BATCH),
        ("-", b"\xef\xbb\xbf {}", BlockFormat.BLOCK_FORMAT_NDJSON),
        ("-", b"PAR1....", BlockFormat.BLOCK_FORMAT_PARQUET),
        ("-", b"\xff\xff\xff\xff\x10", BlockFormat.BLOCK_FORMAT_ARROW_IPC),
        ("data", b"\nid,name", BlockFormat.BLOCK_FORMAT_CSV),
        (
            "-",
            ProfileBatch(field_keys=["A"], profiles=[Profile(profile_id="p")]).SerializeToString(),
            BlockFormat.BLOCK_FORMAT_PROFILE_BATCH,
        ),
    ],
)
def test_formats_are_told_by_names_or_beginnings(
    name: str, beginning: bytes, expected: BlockFormat.ValueType
) -> None:
    assert format_of(name, beginning) == expected
