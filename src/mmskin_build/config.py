"""Settings: one frozen dataclass a stage, read from ``mmskin.toml``.

Each stage is handed its own part whole, and nothing else. Defaults stand on the fields with unit
and range; an unknown key is an error. What differs between books is learned (`figures.profile`),
never configured.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfConfig:
    """How files become pages."""

    page_time_limit_s: float = 120.0  # one page in one worker, OCR included; > 0
    memory_limit_mib: int = 3072  # address space one worker may grow by; >= 512
    max_pages: int = 10_000  # a longer document is refused
    max_page_side_pt: float = 14_400.0  # 200 inches, the limit of PDF 1.7
    max_image_px: int = 200_000_000  # decoded pixels of one image object
    max_fallback_share: float = 0.2  # flagged pages over all pages; above it the book is flagged
    ocr_language: str = "eng"  # Tesseract language codes joined by "+"; a book's own wins
    ocr_min_dpi: int = 200  # a scan below this is enlarged for OCR
    ocr_max_dpi: int = 300  # a scan above this is reduced for OCR


@dataclass(frozen=True, slots=True, kw_only=True)
class FiguresConfig:
    """How pages become figure-caption pairs."""

    doubtful_below: float = 0.9  # pairs with less confidence are listed as doubtful; 0..1
    render_dpi: int = 300  # resolution for vector drawings and skewed pictures


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All settings of a build."""

    pdf: PdfConfig = field(default_factory=PdfConfig)
    figures: FiguresConfig = field(default_factory=FiguresConfig)
