from __future__ import annotations

import errno
import gzip
import hashlib
import io
import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from builders import make_figure, make_page, make_record
from mmskin_build.errors import SchemaError, StorageError
from mmskin_build.geometry import Bbox
from mmskin_build.records import Evidence, Figure, Overlay, Page, Panel, Record, Reject, Span
from mmskin_build.store import (
    atomic_open,
    code_digest,
    file_sha256,
    from_json,
    pixel_digest,
    plain,
    read_jsonl,
    to_json,
    to_jsonl,
    write_bytes,
    write_jsonl,
)

floats = st.floats(allow_nan=False, allow_infinity=False)
boxes = st.builds(Bbox, floats, floats, floats, floats)
words = st.text()
names = st.none() | words
digests = st.none() | st.text("0123456789abcdef", min_size=64, max_size=64)
overlays = st.builds(
    Overlay, kind=st.sampled_from(["text", "path", "image"]), bbox=boxes, text=names
)
panels = st.builds(
    Panel,
    bbox=boxes,
    label=names,
    text=names,
    image_sha256=digests,
    pixel_size=st.none() | st.tuples(st.integers(1, 9000), st.integers(1, 9000)),
    source=st.none() | st.sampled_from(["native", "composed", "rendered", "scan"]),
    overlays=st.lists(overlays, max_size=2).map(tuple),
)
figures = st.builds(
    Figure,
    figure_id=words,
    status=st.sampled_from(["paired", "image_without_caption", "caption_without_image"]),
    page_index=st.integers(0, 10**6),
    bbox=st.none() | boxes,
    label=names,
    caption=names,
    caption_page_index=st.none() | st.integers(0, 10**6),
    caption_bbox=st.none() | boxes,
    confidence=floats,
    kind=st.sampled_from(["photo", "nonphoto"]),
    panels=st.lists(panels, max_size=3).map(tuple),
    evidence=st.lists(st.builds(Evidence, name=words, value=words, weight=floats), max_size=3).map(
        tuple
    ),
    flags=st.lists(words, max_size=2).map(tuple),
)
rejects = st.builds(
    Reject,
    item_id=words,
    stage=words,
    reason=words,
    detail=words,
    page_index=st.none() | st.integers(0, 10**6),
    bbox=st.none() | boxes,
)


@given(figures)
def test_a_figure_survives_json(figure: Figure) -> None:
    assert from_json(to_json(figure), Figure) == figure


@given(st.lists(rejects, max_size=5))
def test_records_survive_jsonl_in_their_order(tmp_path_factory: Any, items: list[Reject]) -> None:
    path = tmp_path_factory.mktemp("jsonl") / "rejects.jsonl"
    write_jsonl(path, items)
    assert read_jsonl(path, Reject) == tuple(items)
    assert to_jsonl(read_jsonl(path, Reject)) == path.read_bytes()


@given(figures)
def test_a_line_has_no_line_break_and_keeps_letters_readable(figure: Figure) -> None:
    line = to_json(figure)
    assert b"\n" not in line
    assert b"\\u00" not in to_json(Reject(item_id="é", stage="ß", reason="日本"))


def test_a_page_and_a_record_survive_json() -> None:
    page = make_page(3, lines=(), page_label="xii")
    assert from_json(to_json(page), Page) == page
    record = make_record()
    assert from_json(to_json(record), Record) == record
    assert plain(record)["provenance"]["bbox"] == [72.0, 100.0, 372.0, 300.0]


def test_gzipped_lines_bear_no_time_stamp(tmp_path: Path) -> None:
    pages = [make_page(0), make_page(1)]
    write_jsonl(tmp_path / "a.jsonl.gz", pages)
    first = (tmp_path / "a.jsonl.gz").read_bytes()
    assert first[4:8] == bytes(4)
    assert gzip.decompress(first) == to_jsonl(pages)
    assert read_jsonl(tmp_path / "a.jsonl.gz", Page) == tuple(pages)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{", "line 2"),
        (b'{"item_id":"a"}', "stage"),
        (b'{"item_id":1,"stage":"s","reason":"r"}', "item_id"),
        (b'{"item_id":"a","stage":"s","reason":"r","bbox":[1,2,3]}', "bbox"),
        (b"\xff\xfe", "line 2"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: bytes, said: str) -> None:
    path = tmp_path / "rejects.jsonl"
    path.write_bytes(to_json(Reject(item_id="a", stage="s", reason="r")) + b"\n" + line + b"\n")
    with pytest.raises(SchemaError, match=said) as caught:
        read_jsonl(path, Reject)
    assert f"{path} line 2" in str(caught.value)


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(SchemaError, match="Span"):
        to_json(Span(text="\ud800", bbox=Bbox(0, 0, 1, 1), font="f", size_pt=1.0))


def test_pixels_are_digested_as_documented() -> None:
    rgb = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    expected = hashlib.sha256(b"RGB8 3x2\n" + bytes(range(18))).hexdigest()
    assert pixel_digest(rgb) == expected
    assert pixel_digest(rgb[:, ::-1][:, ::-1]) == expected


def test_the_digest_of_pixels_survives_another_encoder() -> None:
    rgb = np.random.default_rng(1).integers(0, 255, (20, 30, 3), dtype=np.uint8)
    files = [io.BytesIO(), io.BytesIO()]
    Image.fromarray(rgb).save(files[0], "PNG", compress_level=0)
    Image.fromarray(rgb).save(files[1], "PNG", compress_level=9)
    assert files[0].getvalue() != files[1].getvalue()
    for file in files:
        assert pixel_digest(np.asarray(Image.open(file))) == pixel_digest(rgb)


def test_a_shape_and_its_transpose_have_different_digests() -> None:
    assert pixel_digest(np.zeros((2, 3, 3), np.uint8)) != pixel_digest(
        np.zeros((3, 2, 3), np.uint8)
    )


@pytest.mark.parametrize(
    "array",
    [np.zeros((2, 3), np.uint8), np.zeros((2, 3, 4), np.uint8), np.zeros((2, 3, 3), np.float32)],
)
def test_other_arrays_have_no_digest(array: Any) -> None:
    with pytest.raises(ValueError, match="must be"):
        pixel_digest(array)


def test_the_code_digest_tells_rooms_apart_and_stays() -> None:
    assert code_digest("geometry") != code_digest("records")
    assert code_digest("pdf", "geometry") == code_digest("pdf", "geometry")


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file.json"
    write_bytes(path, b"old")

    def fail() -> None:
        with atomic_open(path) as file:
            file.write(b"half of the new")
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in path.parent.iterdir()] == ["file.json"]


def test_while_a_file_is_written_its_name_shows_the_old_content(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    write_bytes(path, b"old")
    with atomic_open(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"


def test_many_writers_of_one_file_leave_one_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    contents = [bytes([letter]) * 50_000 for letter in b"abcdefgh"]
    threads = [threading.Thread(target=write_bytes, args=(path, c)) for c in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_bytes() in contents
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("number", "mend"),
    [(errno.ENOSPC, "disk is full"), (errno.EACCES, "permission"), (errno.EROFS, "read-only")],
)
def test_a_full_disk_names_the_file_and_the_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, mend: str
) -> None:
    def refuse(handle: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StorageError, match=mend) as caught:
        write_bytes(tmp_path / "file.json", b"content")
    assert str(tmp_path / "file.json") in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_place_of_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(StorageError, match="a file stands where a folder is needed"):
        write_bytes(tmp_path / "out" / "file.json", b"content")


def test_a_missing_file_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="no such file"):
        file_sha256(tmp_path / "nothing")
    with pytest.raises(StorageError, match="no such file"):
        read_jsonl(tmp_path / "nothing.jsonl", Reject)


def test_a_figure_of_the_builders_is_valid() -> None:
    assert from_json(to_json(make_figure()), Figure).label == "Figure 1.1"
