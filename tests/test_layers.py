"""The house of docs/architecture.md as data, and the code held to it by its own syntax trees."""

from __future__ import annotations

import ast
import importlib
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "mmskin_build"

# From the ground up; a room imports only rooms of lines above its own, never one of its own line.
LAYERS: tuple[tuple[str, ...], ...] = (
    (
        "errors",
        "geometry",
        "records",
        "qa",
        "decisions",
        "config",
        "store",
        "packing",
        "remote",
        "cache",
    ),
    ("pdf",),
    ("figures",),
    ("alignment",),
    ("images", "text"),
    ("dataset", "audit", "books"),
    ("review", "vqa"),
    ("public",),
    ("skinvl",),
    ("evaluate",),
    ("demo",),
    ("calibrate",),
    ("doctor", "screening"),
    ("steps",),
    ("questions",),
    ("queues",),
    ("builds",),
    ("rebuild",),
    ("reports", "repair"),
    ("flows",),
    ("cli",),
    ("__main__",),
)
LEVEL = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}
GROUND = set(LAYERS[0])

# A library on the left is imported only by the rooms (or single modules) on the right.
KEPT_IN: dict[str, tuple[str, ...]] = {
    "pymupdf": ("pdf",),
    "fitz": ("pdf",),
    "pdfplumber": ("pdf",),
    "pdfminer": ("pdf",),
    "pytesseract": ("pdf",),
    "prefect": ("flows",),
    "prefect_dask": ("flows",),
    "dask": ("flows",),
    "distributed": ("flows",),
    "torch": ("skinvl", "evaluate", "vqa.backend_transformers"),
    "transformers": ("skinvl", "evaluate", "vqa.backend_transformers"),
    "peft": ("skinvl", "evaluate"),
    "accelerate": ("skinvl", "evaluate"),
    "safetensors": ("skinvl", "evaluate"),
    "sentencepiece": ("skinvl",),
    "tensorboardX": ("skinvl",),
    "wandb": ("skinvl",),
    "httpx": ("vqa.backend_openai",),
    "fastapi": ("review.app",),
    "starlette": ("review.app",),
    "uvicorn": ("review.app",),
    "fsspec": ("remote",),
    "s3fs": (),
    "click": ("cli",),
    "typer": ("cli",),
    "pyarrow": ("dataset.export_tables",),
}

# `mmskin --help` loads none of these.
HEAVY = (
    "cv2", "fitz", "numpy", "pandas", "prefect", "pyarrow", "pymupdf", "scipy", "skimage",
    "sklearn", "torch", "transformers",
)  # fmt: skip


def source_files() -> dict[str, Path]:
    """Module name without the package ("pdf.text") to file, `flows/` under its installed name."""
    found: dict[str, Path] = {}
    for prefix, folder in (("", ROOT / "src" / PACKAGE), ("flows.", ROOT / "flows")):
        for path in sorted(folder.rglob("*.py")):
            name = prefix + ".".join(path.relative_to(folder).with_suffix("").parts)
            found[name.removesuffix(".__init__").removesuffix("__init__").rstrip(".")] = path
    return found


MODULES = source_files()


def imported(module: str, path: Path) -> Iterator[str]:
    """Every absolute name that a module imports, wherever in the file; relative ones resolved."""
    parts = [PACKAGE, *module.split(".")] if module else [PACKAGE]
    package = parts if path.name == "__init__.py" else parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            stem = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{stem}.{alias.name}" for alias in node.names)
        elif (
            isinstance(node, ast.Call)
            and ast.unparse(node.func) in ("importlib.import_module", "import_module", "__import__")
            and node.args
            and isinstance(node.args[0], ast.Constant)
        ):
            yield str(node.args[0].value)


def own_imports(module: str) -> set[str]:
    """The rooms of ours that a module imports."""
    rooms = set()
    for name in imported(module, MODULES[module]):
        head, _, rest = name.partition(".")
        if head == PACKAGE and rest:
            rooms.add(rest.split(".")[0])
    return {room for room in rooms if room in {name.split(".")[0] for name in MODULES}}


def room_of(module: str) -> str:
    return module.split(".")[0]


@pytest.mark.parametrize("module", sorted(name for name in MODULES if name))
def test_a_module_imports_only_rooms_above_its_own(module: str) -> None:
    room = room_of(module)
    assert room in LEVEL, f"{module}: a new room; LAYERS and docs/architecture.md need it"
    for other in own_imports(module) - {room}:
        if room in GROUND and other in GROUND:
            continue
        assert LEVEL[other] < LEVEL[room], f"{module} imports {other}, which is not above {room}"


def test_the_package_itself_imports_none_of_its_rooms() -> None:
    assert own_imports("") == set()


def test_the_ground_has_no_import_cycle() -> None:
    seen: list[str] = []

    def visit(room: str, path: tuple[str, ...]) -> None:
        assert room not in path, f"import cycle: {' > '.join([*path, room])}"
        if room in seen or room not in MODULES:
            return
        for other in sorted(own_imports(room) & GROUND - {room}):
            visit(other, (*path, room))
        seen.append(room)

    for room in sorted(GROUND):
        visit(room, ())
    assert "records" in seen


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_library_stays_in_its_room(module: str) -> None:
    for name in imported(module, MODULES[module]):
        homes = KEPT_IN.get(name.split(".")[0])
        if homes is not None:
            assert any(module == home or module.startswith(home + ".") for home in homes), (
                f"{module} imports {name}, which only {', '.join(homes)} may"
            )


@pytest.mark.parametrize("module", sorted(MODULES))
def test_files_stay_short_enough_to_read(module: str) -> None:
    lines = MODULES[module].read_text(encoding="utf-8").count("\n")
    assert lines <= 450, f"{module}: {lines} lines; split it by what its parts own"


def test_every_folder_of_modules_is_a_package() -> None:
    folders = {path.parent for path in MODULES.values()}
    assert [folder for folder in sorted(folders) if not (folder / "__init__.py").is_file()] == []


def test_flows_are_importable_under_their_installed_name() -> None:
    flows = importlib.import_module(f"{PACKAGE}.flows")
    assert Path(flows.__file__ or "").is_file()


def test_help_loads_no_heavy_library() -> None:
    code = f"import sys, {PACKAGE}.cli; print(*sorted({set(HEAVY)} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_who_hands_out_pages_loads_no_library_that_reads_them() -> None:
    rooms = ("alignment", "pdf.work", "pdf.isolation", "figures.book", "figures.opinions")
    code = f"import sys, {', '.join(f'{PACKAGE}.{room}' for room in rooms)}; "
    code += "print(*sorted({'pymupdf', 'cv2', 'pdfplumber'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.slow
def test_the_wheel_holds_every_module_template_and_the_licence(tmp_path: Path) -> None:
    copy = tmp_path / "copy"  # setuptools leaves a build folder beside the sources
    for name in ("src", "flows"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy / name)
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"]
        + ["-w", str(tmp_path), str(copy)],
        check=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder, inside in ((ROOT / "src" / PACKAGE, PACKAGE), (ROOT / "flows", f"{PACKAGE}/flows")):
        for path in folder.rglob("*"):
            if path.is_file() and not {"__pycache__", "mmskin_build.egg-info"} & set(path.parts):
                assert f"{inside}/{path.relative_to(folder).as_posix()}" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)

    unpacked = tmp_path / "unpacked"
    zipfile.ZipFile(wheel).extractall(unpacked)
    code = f"import {PACKAGE}.flows.build_dataset as flow; print(flow.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(unpacked)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(done.stdout.strip()) == unpacked / PACKAGE / "flows" / "build_dataset.py"
