"""Weights of a model folder: which files, their tensors one by one, and writing them again.

A folder holds ``*.safetensors`` or ``pytorch_model*.bin``, in one file or in shards with an index.
Pickled files are opened with ``weights_only=True``, which runs no code of theirs.
"""

from __future__ import annotations

import hashlib
import json
import pickle
import struct
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from mmskin_build.errors import ModelError
from mmskin_build.store import atomic_open, parse_json, pretty_json, storage_errors, write_bytes

INDEX = "model.safetensors.index.json"
_SINGLE = ("model.safetensors", "pytorch_model.bin")
_INDEXES = (INDEX, "pytorch_model.bin.index.json")
_SAMPLED_BYTES = 4096  # of each tensor, for the fingerprint
_ALIGNMENT = 8  # bytes; where the numbers begin
_DTYPES = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}
#: What torch's reader of pickles raises: it takes the file at its word, opcode by opcode.
_BAD_PICKLE = (
    RuntimeError, OSError, EOFError, ValueError, TypeError, AttributeError, LookupError,
    ArithmeticError, AssertionError, struct.error, pickle.UnpicklingError, zipfile.BadZipFile,
)  # fmt: skip
_HEADER_LIMIT = 100_000_000  # bytes; safetensors itself refuses longer headers


@dataclass(frozen=True, slots=True, kw_only=True)
class Shards:
    """The weight files of a folder in order, and which file the index names for each tensor."""

    folder: Path
    files: tuple[str, ...]
    index: Mapping[str, str]  # tensor to file; empty where there is no index


def find_shards(folder: Path) -> Shards:
    """Find the weight files of a model folder.

    Raises:
        ModelError: If there are none, the index is damaged, or a file it names is missing.
    """
    for name in _INDEXES:
        if (folder / name).is_file():
            index = read_json(folder / name).get("weight_map")
            if not isinstance(index, dict) or not index:
                raise ModelError(f"{folder / name}: names no tensors; get the file again")
            names = set(map(str, index.values()))
            if any(Path(name).name != name for name in names):
                raise ModelError(
                    f"{folder / name}: names files outside of its folder; get the model again"
                )
            files = tuple(sorted(names))
            there = {path.name for path in folder.iterdir() if path.is_file()}
            for file in files:
                if file not in there:
                    raise ModelError(f"{folder / file}: missing, {name} names it; get it again")
            return Shards(folder=folder, files=files, index=index)
    for name in _SINGLE:
        if (folder / name).is_file():
            return Shards(folder=folder, files=(name,), index={})
    raise ModelError(
        f"{folder}: holds no weights; there should be one of {', '.join((*_INDEXES, *_SINGLE))}"
    )


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        ModelError: If it is missing or no JSON object.
    """
    try:
        content = parse_json(path.read_bytes())
    except FileNotFoundError:
        raise ModelError(f"{path}: missing; is {path.parent} a model folder?") from None
    except (ValueError, OSError) as error:
        raise ModelError(f"{path}: cannot be read as JSON: {error}; get it again") from None
    if not isinstance(content, dict):
        raise ModelError(f"{path}: not a JSON object; get it again")
    return content


def iter_tensors(path: Path) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield the tensors of one file in the order of their names, one in memory at a time.

    A pickled file is mapped, not read, so that it too costs one tensor at a time.

    Raises:
        ModelError: If the file is truncated, damaged or not of its kind.
    """
    mend = "it breaks off or is damaged; get the file again"
    if path.suffix == ".safetensors":
        try:
            with safe_open(path, "pt") as file:
                for name in sorted(file.keys()):
                    yield name, file.get_tensor(name)
        except (SafetensorError, OSError) as error:
            raise ModelError(f"{path}: {mend} ({error})") from None
        return
    try:
        state = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except _BAD_PICKLE as error:
        why = next(iter(str(error).splitlines()), type(error).__name__)
        raise ModelError(f"{path}: {mend} ({why})") from None
    if not isinstance(state, dict) or not all(isinstance(name, str) for name in state):
        raise ModelError(f"{path}: holds no table of tensors by name")
    for name in sorted(state):
        if not isinstance(state[name], torch.Tensor):
            raise ModelError(f"{path}: {name} is no tensor")
        yield name, state[name]


def write_shard(path: Path, tensors: Mapping[str, torch.Tensor]) -> None:
    """Write tensors as one safetensors file, whole or not at all.

    Tensor by tensor: the library's own `save_file` copies all of them before it writes the first.
    The form is that of https://github.com/huggingface/safetensors#format.

    Raises:
        StorageError: If the disk is full or the folder cannot be written.
    """
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, tensor in tensors.items():
        begin, end = end, end + tensor.nbytes
        header[name] = {
            "dtype": _DTYPES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [begin, end],
        }
    head = json.dumps(header, separators=(",", ":")).encode()
    head += b" " * (-len(head) % _ALIGNMENT)
    with atomic_open(path) as file:
        file.write(len(head).to_bytes(8, "little") + head)
        for tensor in tensors.values():
            flat = tensor.detach().cpu().contiguous().reshape(-1)
            file.write(flat.view(torch.uint8).numpy().data)


def write_index(folder: Path, shards: Mapping[str, Mapping[str, int]]) -> None:
    """Write the index of shards: file to tensors with their bytes."""
    total = sum(size for tensors in shards.values() for size in tensors.values())
    names = {name: file for file, tensors in shards.items() for name in tensors}
    content = {"metadata": {"total_size": total}, "weight_map": dict(sorted(names.items()))}
    write_bytes(folder / INDEX, pretty_json(content))


def shard_name(number: int, count: int) -> str:
    """Return the file name of a shard, `number` from 1.

    >>> shard_name(2, 4)
    'model-00002-of-00004.safetensors'
    """
    return f"model-{number:05d}-of-{count:05d}.safetensors"


def fingerprint(folder: Path) -> str:
    """Return a digest of configuration, names and shapes, and the first bytes of each tensor.

    It tells one base model from another in a second where a digest of all bytes would take minutes.

    Raises:
        ModelError: If the folder holds no weights or a shard is damaged.
    """
    digest = hashlib.sha256()
    config = read_json(folder / "config.json")
    config.pop("transformers_version", None)
    digest.update(json.dumps(config, sort_keys=True).encode())
    for file in find_shards(folder).files:
        if file.endswith(".safetensors"):
            _digest_samples(folder / file, digest)
        else:
            with (folder / file).open("rb") as raw:
                digest.update(hashlib.file_digest(raw, "sha256").digest())
    return digest.hexdigest()


def _digest_samples(path: Path, digest: Any) -> None:
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 2 <= length <= min(size - 8, _HEADER_LIMIT):
            raise ModelError(f"{path}: it breaks off or is damaged; get the file again")
        try:
            header = parse_json(file.read(length))
        except ValueError:
            raise ModelError(f"{path}: its header is damaged; get the file again") from None
        header.pop("__metadata__", None)
        for name, entry in sorted(header.items()):
            begin, end = entry["data_offsets"]
            if 8 + length + end > size:
                raise ModelError(f"{path}: it breaks off within {name}; get the file again")
            file.seek(8 + length + begin)
            sample = file.read(min(_SAMPLED_BYTES, end - begin))
            digest.update(f"{name} {entry['dtype']} {entry['shape']}\n".encode() + sample)


def copy_files(source: Path, out: Path, names: tuple[str, ...]) -> None:
    """Copy the small files of `names` that are there."""
    for name in names:
        if (source / name).is_file():
            with storage_errors(source / name):
                content = (source / name).read_bytes()
            write_bytes(out / name, content)
