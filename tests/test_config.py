from __future__ import annotations

import dataclasses
import tomllib
from pathlib import Path

import pytest
import tomlkit

from mmskin_build.config import (
    Config,
    FiguresConfig,
    PdfConfig,
    Workspace,
    config_sha256,
    load_config,
    parse_config,
)
from mmskin_build.errors import ConfigError


def write(folder: Path, text: str) -> Path:
    path = folder / "mmskin.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_file_the_defaults_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_config() == Config()


def test_the_file_in_the_current_folder_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "[pdf]\nmax_pages = 7\n")
    monkeypatch.chdir(tmp_path)
    assert load_config().pdf == PdfConfig(max_pages=7)


def test_a_key_that_is_given_wins_and_the_others_keep_their_default(tmp_path: Path) -> None:
    cfg = load_config(write(tmp_path, "[pdf]\npage_time_limit_s = 5\n[dataset]\nname = 'x'\n"))
    assert cfg.pdf == PdfConfig(page_time_limit_s=5.0)
    assert cfg.dataset.name == "x"
    assert cfg.figures == FiguresConfig()


def test_the_data_folder_is_taken_from_the_folder_of_the_file(tmp_path: Path) -> None:
    cfg = load_config(write(tmp_path, "[workspace]\ndata = 'books'\n"))
    assert Path(cfg.workspace.data) == tmp_path / "books"
    cfg = load_config(write(tmp_path, "[workspace]\ndata = '/elsewhere'\n"))
    assert Path(cfg.workspace.data) == Path("/elsewhere")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[pdf]\npage_time_limit = 3\n", ["'pdf.page_time_limit'", "'pdf.page_time_limit_s'"]),
        ("[pfd]\nmax_pages = 3\n", ["'pfd'", "'pdf'"]),
        ("max_pages = 3\n", ["'max_pages'", "'pdf.max_pages'"]),
        ("[pdf]\nrender_dpi = 3\n", ["'pdf.render_dpi'", "'figures.render_dpi'"]),
        ("pdf = 3\n", ["[pdf]"]),
        ("[pdf]\nmax_pages = 'many'\n", ["pdf.max_pages", "'many'"]),
        ("[pdf]\nmax_pages = 2.5\n", ["pdf.max_pages"]),
        ("[pdf]\nmax_pages = true\n", ["pdf.max_pages"]),
        ("[pdf]\nmax_pages = 0\n", ["pdf.max_pages", "greater than 0"]),
        ("[pdf]\nmemory_limit_mib = 100\n", ["pdf.memory_limit_mib", "512"]),
        ("[pdf]\npage_time_limit_s = nan\n", ["pdf.page_time_limit_s"]),
        ("[figures]\ndoubtful_below = 1.5\n", ["figures.doubtful_below"]),
        ("[workspace]\nworkers = -1\n", ["workspace.workers"]),
        ("[pdf]\nmax_pages = 1979-05-27\n", ["pdf.max_pages"]),
        ("[pdf\n", ["not valid TOML", "line 1"]),
    ],
)
def test_a_wrong_setting_names_file_key_and_mend(
    tmp_path: Path, text: str, named: list[str]
) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    for word in [str(path), *named]:
        assert word in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load_config(tmp_path / "other.toml")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path)


def test_settings_printed_as_toml_are_read_back() -> None:
    cfg = Config(pdf=PdfConfig(max_pages=3), figures=FiguresConfig(doubtful_below=0.5))
    text = tomlkit.dumps(dataclasses.asdict(cfg))
    assert parse_config(tomllib.loads(text), "printed") == cfg


def test_the_digest_tells_values_apart() -> None:
    assert config_sha256(PdfConfig()) == config_sha256(PdfConfig())
    assert config_sha256(PdfConfig()) != config_sha256(PdfConfig(max_pages=1))
    assert config_sha256(PdfConfig(), FiguresConfig()) != config_sha256(PdfConfig())


def test_the_number_of_workers_is_one_a_processor_unless_said() -> None:
    assert Config().workers() >= 1
    assert parse_config({"workspace": {"workers": 3}}, "here").workers() == 3


def test_everything_of_a_workspace_lies_in_its_data_folder() -> None:
    workspace = Workspace(Path("d"))
    for place in (workspace.books_toml, workspace.store, workspace.current, workspace.releases):
        assert place.is_relative_to(Path("d"))
