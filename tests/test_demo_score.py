"""The scorer of the demo book: nothing wrong scores one, each wrong thing is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mmskin_build.demo.book import write_demo_book
from mmskin_build.demo.compare import find_pixel_fault
from mmskin_build.demo.pictures import Rgb, draw_clinical
from mmskin_build.demo.score import DemoScore, read_pixels, score_alignment
from mmskin_build.demo.truth import DemoTruth, PaintedTruth, PanelTruth, PixelRule
from mmskin_build.geometry import Bbox
from mmskin_build.records import Alignment, Figure, Panel

Bundle = tuple[Path, DemoTruth]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    path = tmp_path_factory.mktemp("score") / "demo.pdf"
    truth = write_demo_book(path, seed=3, pages=40)
    return path.parent / truth.pixels_dir, truth


def right_figures(truth: DemoTruth) -> list[Figure]:
    """What an extractor without fault would say; digests are the names of the truth's PNGs."""
    figures = [
        Figure(
            figure_id=f"f{index}",
            status="paired" if true.caption else "image_without_caption",
            page_index=true.page,
            bbox=Bbox(*true.bbox),
            label=true.label,
            caption=true.caption_text,
            confidence=1.0,
            kind=true.kind,
            panels=tuple(
                Panel(bbox=Bbox(*p.bbox), label=p.label, text=p.text, image_sha256=p.pixels)
                for p in true.panel_list
            ),
        )
        for index, true in enumerate(truth.figures)
    ]
    figures += [
        Figure(
            figure_id=f"o{index}",
            status="caption_without_image",
            page_index=orphan.page,
            bbox=None,
            label=orphan.label,
            caption=orphan.caption,
            confidence=1.0,
            kind="photo",
        )
        for index, orphan in enumerate(truth.orphan_captions)
    ]
    return figures


def paint(pixels: Rgb, panel: PanelTruth) -> Rgb:
    shown = pixels.copy()
    for item in panel.painted:
        x0, y0, x1, y1 = item.box_px
        shown[y0:y1, x0:x1] = 0 if item.kind == "bar" else 255 - shown[y0:y1, x0:x1] // 2
        if item.kind != "bar":
            shown[y0 : y0 + 3, x0:x1] = 255 * (pixels[y0 : y0 + 3, x0:x1].mean() < 128)
    return shown


def load_painted(demo: Bundle) -> Callable[[str], Rgb | None]:
    folder, truth = demo
    panels = {p.pixels: p for f in truth.figures for p in f.panel_list}
    return lambda name: paint(read_pixels(folder / name), panels[name])


def score(demo: Bundle, figures: list[Figure], *, pixels: bool = False) -> DemoScore:
    folder, truth = demo
    alignment = Alignment(
        book_sha256=truth.doc, page_count=truth.page_count, figures=tuple(figures), rejects=()
    )
    load = load_painted(demo) if pixels else None
    return score_alignment(truth, alignment, truth_pixels=folder, exported=load)


def index_of(truth: DemoTruth, trap: str) -> int:
    return next(i for i, f in enumerate(truth.figures) if trap in f.traps)


def test_a_right_alignment_scores_one_in_everything(demo: Bundle) -> None:
    result = score(demo, right_figures(demo[1]), pixels=True)
    assert result.misses == ()
    assert (result.f1, result.located, result.labels, result.kinds) == (1.0, 1.0, 1.0, 1.0)
    assert (result.panels, result.pixels, result.orphan_captions) == (1.0, 1.0, 1.0)


def test_an_empty_alignment_scores_nothing(demo: Bundle) -> None:
    result = score(demo, [])
    assert (result.f1, result.located, result.panels, result.orphan_captions) == (0, 0, 0, 0)
    assert len(result.misses) >= result.labelled


def test_swapped_captions_are_two_misses(demo: Bundle) -> None:
    figures = right_figures(demo[1])
    a, b = (i for i, f in enumerate(demo[1].figures) if "suffix" in f.traps)
    figures[a], figures[b] = (
        replace(figures[a], caption=figures[b].caption),
        replace(figures[b], caption=figures[a].caption),
    )
    result = score(demo, figures)
    assert result.correct == result.labelled - 2
    assert len(result.misses) == 2


def test_white_space_does_not_count_but_a_hyphen_left_in_does(demo: Bundle) -> None:
    figures = right_figures(demo[1])
    at = index_of(demo[1], "hyphenation")
    caption = figures[at].caption or ""
    figures[at] = replace(figures[at], caption=caption.replace(" ", " \n "))
    assert score(demo, figures).f1 == 1.0
    figures[at] = replace(figures[at], caption=caption[:5] + "- " + caption[5:])
    assert score(demo, figures).f1 < 1.0


def test_ocr_may_mistake_a_sign_but_not_a_word(demo: Bundle) -> None:
    figures = right_figures(demo[1])
    at = index_of(demo[1], "scan")
    caption = figures[at].caption or ""
    figures[at] = replace(figures[at], caption=caption[:10] + "?" + caption[11:])
    assert score(demo, figures).f1 == 1.0
    figures[at] = replace(figures[at], caption=caption[12:])
    assert score(demo, figures).f1 < 1.0


def test_a_logo_taken_for_a_figure_costs_precision_only(demo: Bundle) -> None:
    logo = demo[1].not_figures[0]
    figures = right_figures(demo[1])
    figures.append(replace(figures[1], page_index=logo.page, bbox=Bbox(*logo.bbox), panels=()))
    result = score(demo, figures)
    assert result.recall == 1.0 and result.precision < 1.0
    assert any("is no figure" in miss for miss in result.misses)


def test_the_opener_counts_neither_way(demo: Bundle) -> None:
    at = index_of(demo[1], "chapter_opener")
    with_opener = right_figures(demo[1])
    without = [f for i, f in enumerate(with_opener) if i != at]
    assert score(demo, with_opener).f1 == score(demo, without).f1 == 1.0


def test_a_strip_taken_for_the_whole_picture_is_no_right_panel(demo: Bundle) -> None:
    figures = right_figures(demo[1])
    at = index_of(demo[1], "strips")
    box = figures[at].panels[0].bbox
    half = replace(figures[at].panels[0], bbox=Bbox(box.x0, box.y0, box.x1, box.center[1]))
    figures[at] = replace(figures[at], panels=(half,))
    result = score(demo, figures)
    assert result.f1 == 1.0 and result.panels < 1.0


def test_panels_with_each_others_letters_and_words_are_wrong(demo: Bundle) -> None:
    figures = right_figures(demo[1])
    at = index_of(demo[1], "one_raster")
    first, second, *rest = figures[at].panels
    swapped = (replace(first, label="B"), replace(second, text=first.text), *rest)
    figures[at] = replace(figures[at], panels=swapped)
    result = score(demo, figures)
    assert len(result.misses) == 2
    assert "letter" in result.misses[0] and "text" in result.misses[1]


def test_a_bar_that_is_not_exported_is_a_miss(demo: Bundle) -> None:
    folder, truth = demo
    alignment = Alignment(
        book_sha256=truth.doc,
        page_count=truth.page_count,
        figures=tuple(right_figures(truth)),
        rejects=(),
    )
    bare = score_alignment(
        truth, alignment, truth_pixels=folder, exported=lambda name: read_pixels(folder / name)
    )
    assert bare.pixels is not None and bare.pixels < 1.0
    assert any("bar over the eyes" in miss for miss in bare.misses)
    assert any("arrow painted over" in miss for miss in bare.misses)


def test_exported_pictures_are_found_in_a_folder(demo: Bundle, tmp_path: Path) -> None:
    folder, truth = demo
    plain = [
        f
        for f, true in zip(right_figures(truth), truth.figures, strict=False)
        if not any(p.painted for p in true.panel_list)
    ]
    alignment = Alignment(
        book_sha256=truth.doc, page_count=truth.page_count, figures=tuple(plain), rejects=()
    )
    named = tuple(replace(f, panels=tuple(_without_suffix(p) for p in f.panels)) for f in plain)
    result = score_alignment(
        truth, replace(alignment, figures=named), truth_pixels=folder, exported=folder
    )
    assert not any("is not there" in miss for miss in result.misses)
    result = score_alignment(
        truth, replace(alignment, figures=named), truth_pixels=folder, exported=tmp_path
    )
    assert result.pixels == 0.0


def _without_suffix(panel: Panel) -> Panel:
    digest = panel.image_sha256
    return replace(panel, image_sha256=None if digest is None else Path(digest).stem)


def test_an_alignment_of_another_file_is_refused(demo: Bundle) -> None:
    other = Alignment(book_sha256="0" * 64, page_count=1, figures=(), rejects=())
    with pytest.raises(ValueError, match="000000000000"):
        score_alignment(demo[1], other)


# -------------------------------------------------------------------------------------- pixels


@pytest.fixture(scope="module")
def picture() -> Rgb:
    return draw_clinical(np.random.default_rng(8), 160, 120)


def shifted(picture: Rgb, levels: int) -> Rgb:
    return np.asarray(np.clip(picture.astype(int) + levels, 0, 255), dtype=np.uint8)


@pytest.mark.parametrize(
    ("rule", "levels", "right"),
    [
        ("exact", 0, True),
        ("exact", 1, False),
        ("jpeg", 2, True),
        ("jpeg", 6, False),
        ("soft", 2, True),
        ("soft", 3, False),
        ("color", 30, True),
        ("scan", 8, True),
        ("scan", 20, False),
        ("none", 90, True),
    ],
)
def test_each_rule_allows_its_own_difference(
    picture: Rgb, rule: PixelRule, levels: int, right: bool
) -> None:
    assert (find_pixel_fault(picture, shifted(picture, levels), rule) is None) == right


def test_a_negative_and_a_turned_picture_are_found(picture: Rgb) -> None:
    assert find_pixel_fault(picture, 255 - picture, "color") is not None
    assert find_pixel_fault(picture, picture[::-1], "jpeg") is not None
    assert find_pixel_fault(picture, np.rot90(picture), "jpeg") is not None


def test_a_cut_may_miss_the_gutter_by_a_little(picture: Rgb) -> None:
    assert find_pixel_fault(picture, picture[2:, :-1], "cut") is None
    assert find_pixel_fault(picture, picture[20:], "cut") is not None
    assert find_pixel_fault(picture, shifted(picture, 2)[2:], "cut") is not None
    assert find_pixel_fault(picture, picture[2:], "exact") is not None


def test_a_scan_of_lower_resolution_is_a_fault(picture: Rgb) -> None:
    assert "less than" in (find_pixel_fault(picture, picture[::2, ::2], "scan") or "")


def test_what_lies_outside_a_round_clip_must_be_white(picture: Rgb) -> None:
    height, width = picture.shape[:2]
    y, x = np.mgrid[0:height, 0:width] + 0.5
    outside = (2 * x / width - 1) ** 2 + (2 * y / height - 1) ** 2 > 1
    clipped = picture.copy()
    clipped[outside] = 255
    assert find_pixel_fault(clipped, clipped, "outline") is None
    assert find_pixel_fault(clipped, picture, "outline") is not None


def test_painted_parts_are_left_out_of_the_comparison_but_must_be_painted(picture: Rgb) -> None:
    bar = PaintedTruth(kind="bar", box_px=(40, 30, 120, 60))
    covered = picture.copy()
    covered[30:60, 40:120] = 0
    assert find_pixel_fault(picture, covered, "exact", (bar,)) is None
    assert find_pixel_fault(picture, covered, "exact") is not None
    assert "not black" in (find_pixel_fault(picture, picture, "exact", (bar,)) or "")
