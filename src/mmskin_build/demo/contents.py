"""Which layouts a book has, in which order: front matter, rounds of seven chapters, an index."""

from __future__ import annotations

from dataclasses import dataclass

from mmskin_build.demo import columns, front, layouts, unusual
from mmskin_build.demo.layouts import Layout

FRONT = (Layout(make=front.make_title), Layout(make=front.make_imprint)) + (
    Layout(make=front.make_figure_list),
)
BACK = (Layout(make=front.make_index),)
TURNED = (unusual.make_turned_page,)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChapterPlan:
    """A chapter's style (a key of `chapters.STYLES`) and its layouts in order."""

    style: str
    layouts: tuple[Layout, ...]


ROUND: tuple[ChapterPlan, ...] = (
    ChapterPlan(
        style="one column",
        layouts=(
            Layout(make=layouts.make_opener),
            Layout(make=layouts.make_one_figure),
            Layout(make=layouts.make_two_figures),
            Layout(make=layouts.make_beside),
            Layout(make=layouts.make_panel_pair),
            Layout(make=layouts.make_raster_grid),
            Layout(make=layouts.make_arrows_and_table),
            Layout(make=layouts.make_text_box),
        ),
    ),
    ChapterPlan(
        style="two columns",
        layouts=(
            Layout(make=columns.make_two_column_opener),
            Layout(make=columns.make_column_figures),
            Layout(make=columns.make_page_grid),
            Layout(make=columns.make_four_figures),
            Layout(make=columns.make_wide_figure),
            Layout(make=columns.make_split_label),
            Layout(make=columns.make_strips_and_bar),
            Layout(make=columns.make_chart_and_photo),
            Layout(make=columns.make_boxed_caption),
            Layout(make=columns.make_continued, pages=2),
        ),
    ),
    ChapterPlan(
        style="margin",
        layouts=(
            Layout(make=unusual.make_margin_page),
            Layout(make=unusual.make_facing, pages=2),
            Layout(make=unusual.make_turned_page),
            Layout(make=unusual.make_turned_figure),
        ),
    ),
    ChapterPlan(
        style="above",
        layouts=(
            Layout(make=unusual.make_above_columns),
            Layout(make=unusual.make_above_masked),
            Layout(make=unusual.make_above_sides),
        ),
    ),
    ChapterPlan(style="unnumbered", layouts=(Layout(make=unusual.make_unnumbered),)),
    ChapterPlan(
        style="plates",
        layouts=(
            Layout(make=unusual.make_plate, pages=3),
            Layout(make=unusual.make_plate, pages=2),
        ),
    ),
    ChapterPlan(
        style="scan",
        layouts=(
            Layout(make=unusual.make_scanned_one),
            Layout(make=unusual.make_scanned_two),
            Layout(make=unusual.make_scanned_hidden),
        ),
    ),
)
