"""Stage outputs travel through storage that machines share by address, and only sound ones."""

from __future__ import annotations

import io
import json
import logging
import tarfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest

from mmskin_build import remote as remote_module
from mmskin_build.cache import Stage, Store
from mmskin_build.errors import (
    ConfigError,
    DamagedObjectError,
    MissingDependencyError,
    StorageError,
)
from mmskin_build.packing import MANIFEST, unpack, write_manifest, write_pack
from mmskin_build.remote import Remote, open_remote
from mmskin_build.store import file_sha256
from object_servers import (
    Answer,
    bad_server,
    break_off,
    forbid,
    hang,
    hang_up,
    refuse,
    s3_server,
    use_server,
)

STAGE = Stage(name="cut", version="1", config_sha256="", inputs={"book": "b"})
OBJECT = f"store/cut/{STAGE.key[:2]}/{STAGE.key}.tar"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with s3_server() as address:
        yield address


@pytest.fixture(params=["s3", "file"])
def remote(
    request: pytest.FixtureRequest,
    server: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Remote:
    """An empty place, on a server and in a folder; pauses between tries are none."""
    monkeypatch.setattr(remote_module, "_PAUSES_S", (0.0, 0.0))
    use_server(monkeypatch, server)
    if request.param == "file":
        return open_remote((tmp_path / "shared").as_uri())
    bucket = f"b{abs(hash(str(tmp_path))):x}"
    found = open_remote(f"s3://{bucket}/some/prefix")
    found.fs.mkdir(bucket)
    return found


def write_two(folder: Path) -> None:
    (folder / "lines.jsonl").write_text("1\n2\n")
    (folder / "pictures").mkdir()
    (folder / "pictures" / "a.png").write_bytes(bytes(range(256)) * 300)


def never(folder: Path) -> None:
    raise AssertionError("it is there already")


def put(remote: Remote, content: bytes) -> None:
    """Put an object as anybody with access may."""
    remote._ask(OBJECT, lambda: remote._write(OBJECT, lambda file: _write(file, content)))


def _write(file: Any, content: bytes) -> None:
    file.write(content)


def taken(remote: Remote, name: str = OBJECT) -> bytes:
    content: bytes = remote.fs.cat_file(remote._path(name))
    return content


def test_what_one_machine_made_another_takes(remote: Remote, tmp_path: Path) -> None:
    made = Store(tmp_path / "one", remote).run(STAGE, write_two)
    found = Store(tmp_path / "two", remote).run(STAGE, never)
    assert made.fresh and not found.fresh
    assert found.outputs == made.outputs
    for name in (*made.outputs, MANIFEST):
        assert (found.folder / name).read_bytes() == (made.folder / name).read_bytes()
    assert Store(tmp_path / "three", remote).entry("cut", STAGE.key).outputs == made.outputs


def test_without_a_remote_nothing_is_found(tmp_path: Path) -> None:
    Store(tmp_path / "one").run(STAGE, write_two)
    assert Store(tmp_path / "two").find(STAGE) is None


def test_what_is_put_twice_is_the_same_bytes(remote: Remote, tmp_path: Path) -> None:
    Store(tmp_path / "one", remote).run(STAGE, write_two)
    first = taken(remote)
    remote.remove(OBJECT)
    Store(tmp_path / "two", remote).run(STAGE, write_two)
    assert taken(remote) == first


def test_a_pack_is_a_plain_tar(remote: Remote, tmp_path: Path) -> None:
    Store(tmp_path / "one", remote).run(STAGE, write_two)
    with tarfile.open(fileobj=io.BytesIO(taken(remote))) as tar:
        assert tar.getnames() == [MANIFEST, "lines.jsonl", "pictures/a.png"]


def test_two_that_write_at_once_leave_one_whole_object(remote: Remote, tmp_path: Path) -> None:
    stores = [Store(tmp_path / str(number), remote) for number in range(6)]
    barrier, errors = threading.Barrier(len(stores)), list[BaseException]()

    def write(store: Store) -> None:
        def produce(folder: Path) -> None:
            barrier.wait()  # all have looked, and nothing was there
            write_two(folder)

        try:
            store.run(STAGE, produce)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert Store(tmp_path / "late", remote).run(STAGE, never).outputs
    assert not [name for name in remote.fs.find(remote.root) if name.endswith(".tmp")]


def test_a_writer_that_fails_half_way_leaves_nothing(remote: Remote, tmp_path: Path) -> None:
    def write(file: Any) -> None:
        file.write(b"x" * 100)
        raise StorageError("the disk")

    with pytest.raises(StorageError, match="the disk"):
        remote._ask("books/half.pdf", lambda: remote._write("books/half.pdf", write))
    assert remote.size("books/half.pdf") is None


# ------------------------------------------------------------ objects that are not as they should


def pack(folder: Path) -> bytes:
    packed = io.BytesIO()
    write_pack(packed, folder)
    return packed.getvalue()


def sound_pack(tmp_path: Path) -> bytes:
    return pack(Store(tmp_path / "sound").run(STAGE, write_two).folder)


def with_members(members: list[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for info, content in members:
            info.size = len(content) if info.isreg() else 0
            tar.addfile(info, io.BytesIO(content))
    return made.getvalue()


def listing(*names: str) -> bytes:
    """A manifest of the right key that lists other names, each of five bytes."""
    sha256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"  # of "hello"
    outputs = {name: {"sha256": sha256, "size": 5} for name in names}
    return json.dumps({"key": STAGE.key, **STAGE.description(), "outputs": outputs}).encode()


def hostile(name: str) -> bytes:
    members = [(tarfile.TarInfo(MANIFEST), listing(name)), (tarfile.TarInfo(name), b"hello")]
    return with_members(members)


def link(kind: bytes) -> bytes:
    info = tarfile.TarInfo("lines.jsonl")
    info.type, info.linkname = kind, "/etc/passwd"
    return with_members([(tarfile.TarInfo(MANIFEST), listing("lines.jsonl")), (info, b"")])


BAD: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda sound: b"",
    "no tar": lambda sound: b"<html>not found</html>" * 100,
    "cut in the manifest": lambda sound: sound[:700],
    "cut in a picture": lambda sound: sound[: len(sound) // 2],
    "cut at the end": lambda sound: sound[:-512],
    "more at the end": lambda sound: sound + b"x",
    "a flipped bit": lambda sound: sound[:50_000] + bytes([sound[50_000] ^ 1]) + sound[50_001:],
    "another key": lambda sound: sound.replace(b'"version": "1"', b'"version": "2"'),
    "a name above": lambda sound: hostile("../x"),
    "a name above, inside": lambda sound: hostile("pictures/../../x"),
    "an absolute name": lambda sound: hostile("/tmp/x"),
    "a hidden name": lambda sound: hostile(".ssh/x"),
    "the manifest again": lambda sound: hostile(MANIFEST),
    "a file and a folder": lambda sound: with_members(
        [
            (tarfile.TarInfo(MANIFEST), listing("a", "a/b")),
            (tarfile.TarInfo("a"), b"hello"),
            (tarfile.TarInfo("a/b"), b"hello"),
        ]
    ),
    "a symbolic link": lambda sound: link(tarfile.SYMTYPE),
    "a hard link": lambda sound: link(tarfile.LNKTYPE),
    "a device": lambda sound: link(tarfile.CHRTYPE),
    "a member that is not listed": lambda sound: with_members(
        [(tarfile.TarInfo(MANIFEST), listing()), (tarfile.TarInfo("x"), b"hello")]
    ),
    "a manifest without end": lambda sound: _header_of(2**32) + sound[512:],
    "nested": lambda sound: with_members([(tarfile.TarInfo(MANIFEST), b"[" * 100_000)]),
    "a size below nothing": lambda sound: with_members(
        [(tarfile.TarInfo(MANIFEST), listing("x").replace(b'"size": 5', b'"size": -5'))]
    ),
    "more than there can be": lambda sound: with_members(
        [(tarfile.TarInfo(MANIFEST), listing("x").replace(b'"size": 5', b'"size": 5e30'))]
    ),
}


def _header_of(size: int) -> bytes:
    info = tarfile.TarInfo(MANIFEST)
    info.size = size
    return info.tobuf(tarfile.USTAR_FORMAT)


@pytest.mark.parametrize(
    ("remote", "bad"),
    [("s3", "cut in a picture"), ("s3", "a name above"), *(("file", bad) for bad in sorted(BAD))],
    indirect=["remote"],
)
def test_a_bad_object_is_refused_and_made_anew(
    remote: Remote, tmp_path: Path, bad: str, caplog: pytest.LogCaptureFixture
) -> None:
    sound = sound_pack(tmp_path)
    content = BAD[bad](sound)
    assert content != sound
    put(remote, content)
    store = Store(tmp_path / "work" / "store", remote)
    with pytest.raises(StorageError, match="missing or damaged; run: mmskin build"):
        store.entry("cut", STAGE.key)
    with caplog.at_level(logging.WARNING):
        made = store.run(STAGE, write_two)
    assert made.fresh
    assert f"not used, and made anew: {remote.url}/{OBJECT}: " in caplog.text
    assert taken(remote) == sound
    here = {path for path in (tmp_path / "work").rglob("*") if path.is_file()}
    assert here == {made.folder / name for name in (*made.outputs, MANIFEST)}


def test_a_damaged_entry_of_the_folder_is_fetched_again(remote: Remote, tmp_path: Path) -> None:
    store = Store(tmp_path / "one", remote)
    made = store.run(STAGE, write_two)
    made.path("lines.jsonl").write_text("1\n3\n")
    assert not store.run(STAGE, never).fresh
    assert made.path("lines.jsonl").read_text() == "1\n2\n"


def test_what_could_not_be_put_is_put_next_time(
    remote: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path / "one", remote)

    def fail(*args: Any, **more: Any) -> None:
        raise ConnectionResetError("reset")

    with monkeypatch.context() as broken:
        broken.setattr(Remote, "_write", fail)
        with pytest.raises(StorageError, match="reset; check the address"):
            store.run(STAGE, write_two)
    assert remote.size(OBJECT) is None
    assert not store.run(STAGE, never).fresh
    assert not Store(tmp_path / "two", remote).run(STAGE, never).fresh


def test_what_is_damaged_here_is_not_put(remote: Remote, tmp_path: Path) -> None:
    made = Store(tmp_path / "one").run(STAGE, write_two)
    picture = made.path("pictures/a.png")
    picture.write_bytes(bytes(picture.stat().st_size))
    with pytest.raises(StorageError, match=r"a\.png: not as it was written; run: .* --check"):
        Store(tmp_path / "one", remote).run(STAGE, never)
    assert remote.size(OBJECT) is None
    assert Store(tmp_path / "one", remote).run(STAGE, write_two, deep=True).fresh
    assert remote.size(OBJECT) is not None


def test_what_is_made_anew_replaces_what_is_there(remote: Remote, tmp_path: Path) -> None:
    def other(folder: Path) -> None:
        (folder / "lines.jsonl").write_text("better\n")

    Store(tmp_path / "one", remote).run(STAGE, write_two)
    store = Store(tmp_path / "two", remote)
    assert store.run(STAGE, other, anew=True).fresh
    assert set(Store(tmp_path / "three", remote).run(STAGE, never).outputs) == {"lines.jsonl"}


def test_only_plain_names_are_packed(tmp_path: Path) -> None:
    (tmp_path / "a name").write_text("x")
    write_manifest(tmp_path, {})
    with pytest.raises(DamagedObjectError, match="'a name' is none that this program gives"):
        pack(tmp_path)


def test_a_pack_unpacks_to_what_was_packed(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    write_two(source)
    write_manifest(source, {})
    target = tmp_path / "target"
    target.mkdir()
    assert unpack(io.BytesIO(pack(source)), target) == (source / MANIFEST).read_bytes()
    assert pack(target) == pack(source)


# ------------------------------------------------------------------------------- files by digest


def test_a_file_comes_back_by_its_digest(remote: Remote, tmp_path: Path) -> None:
    book = tmp_path / "book.pdf"
    book.write_bytes(b"%PDF-" + bytes(3_000_000))
    digest = file_sha256(book)
    name = f"books/{digest}.pdf"
    assert not remote.fetch_file(name, tmp_path / "there.pdf", digest)
    remote.put_file(name, book)
    assert remote.size(name) == book.stat().st_size
    assert remote.fetch_file(name, tmp_path / "new" / "there.pdf", digest)
    assert (tmp_path / "new" / "there.pdf").read_bytes() == book.read_bytes()


def test_a_file_of_another_digest_does_not_come(remote: Remote, tmp_path: Path) -> None:
    book = tmp_path / "book.pdf"
    book.write_bytes(b"%PDF-1")
    remote.put_file("books/x.pdf", book)
    with pytest.raises(DamagedObjectError, match="has other bytes than its name tells"):
        remote.fetch_file("books/x.pdf", tmp_path / "there.pdf", 64 * "0")
    assert list(tmp_path.glob("*there*")) == []


def test_a_place_is_marked_and_another_form_is_refused(remote: Remote) -> None:
    remote.check()
    remote.check()
    mark = "mmskin.json"
    remote._ask(mark, lambda: remote._write(mark, lambda file: _write(file, b'{"form": 2}\n')))
    with pytest.raises(StorageError, match="another version of this program"):
        remote.check()


# ------------------------------------------------------------------------------ bad networks


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The libraries' own patience cut short; ours without pauses."""
    monkeypatch.setattr(remote_module, "_PAUSES_S", (0.0, 0.0))
    settings = {"connect_timeout": 1, "read_timeout": 0.5, "retries": {"max_attempts": 0}}
    monkeypatch.setitem(fsspec.config.conf, "s3", {"config_kwargs": settings})
    import s3fs

    monkeypatch.setattr(s3fs.S3FileSystem, "retries", 1)


@pytest.mark.parametrize("answer", [refuse, hang, hang_up, break_off], ids=lambda a: a.__name__)
def test_a_bad_server_is_tried_again_and_then_told(
    answer: Answer, impatient: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with bad_server(answer) as (address, asked):
        use_server(monkeypatch, address)
        store = Store(tmp_path / "store", open_remote("s3://bucket/prefix"))
        with pytest.raises(StorageError) as caught:
            store.find(STAGE)
    message = str(caught.value)
    assert message.startswith(f"s3://bucket/prefix/{OBJECT}: ")
    assert "check the address, the credentials and the network" in message
    assert len(asked) >= 3
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_what_credentials_may_not_is_not_tried_again(
    impatient: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with bad_server(forbid) as (address, asked):
        use_server(monkeypatch, address)
        with pytest.raises(StorageError, match="check the address, the credentials"):
            open_remote("s3://bucket/prefix").check()
    assert len(asked) == 1


def test_a_server_that_comes_back_is_used(
    server: str, impatient: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_server(monkeypatch, server)
    remote = open_remote("s3://comes-back/prefix")
    remote.fs.mkdir("comes-back")
    real, calls = remote.fs.open, list[str]()

    def open_at_third(*args: Any, **more: Any) -> Any:
        calls.append(args[0])
        if len(calls) < 3:
            raise ConnectionResetError("reset")
        return real(*args, **more)

    monkeypatch.setattr(remote.fs, "open", open_at_third)
    assert Store(tmp_path / "store", remote).find(STAGE) is None
    assert len(calls) == 3


def test_nobody_at_the_address_is_told(impatient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    use_server(monkeypatch, "http://127.0.0.1:9")
    with pytest.raises(StorageError, match=r"^s3://bucket/p/mmskin.json: .*127.0.0.1:9"):
        open_remote("s3://bucket/p").check()


# ----------------------------------------------------------------------------------- settings


@pytest.mark.parametrize(
    ("url", "error", "told"),
    [
        ("bucket/prefix", ConfigError, "write an address"),
        ("s3://", ConfigError, "write an address"),
        ("nothing://bucket", ConfigError, "nothing"),
        ("sftp://me:secret@host/x", ConfigError, "put credentials into the environment"),
        ("gcs://bucket/x", MissingDependencyError, "gcs://"),
    ],
)
def test_an_address_that_cannot_be_used_is_told(
    url: str, error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told) as caught:
        open_remote(url)
    assert "secret" not in str(caught.value)
