"""Captions that run on in one paragraph, told apart at their labels."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mmskin_build.figures.labels import FigureLabel, parse_label
from mmskin_build.figures.printed_lines import TextLine, cut_line, glue_lines
from mmskin_build.records import Span

_CLOSED = (".", "!", "?", ")", "]")
_SENTENCE_END = re.compile(r"[.!?)\]]\s+(?=\S)")
_BROKEN_LABEL = re.compile(r"[.!?)\]]\s+(?P<word>(?:Fig\.?|Figure|FIG\.?|FIGURE))\s*$")


def split_run(lines: Sequence[TextLine], label: FigureLabel) -> list[list[TextLine]]:
    """Cut captions that run on in one paragraph where the next number begins: "Fig. 1 … Fig. 2 …".

    A label inside a line heads a caption when it follows a closed sentence, counts on, and is set
    apart as the first one is: in bold or another font, or by the mark after it.
    """
    lines = _whole_labels(lines)
    runs: list[list[TextLine]] = [[]]
    current, ended = label, False
    lead = next((s for s in lines[0].spans if s.text.strip()), lines[0].spans[0])
    for number, line in enumerate(lines):
        cuts = []
        for offset, span in _possible_heads(line):
            found = parse_label(line.text[offset:])
            before = line.text[:offset].rstrip()
            closed = before.endswith(_CLOSED) if before else ended and number > 0
            if found is None or not closed or not _counts_on(current, found):
                continue
            if span is not None and (span.font, span.bold) != (lead.font, lead.bold):
                continue
            if span is None and not (label.separator and found.separator == label.separator):
                continue
            cuts.append(offset)
            current = found
        for piece, text in enumerate(cut_line(line, *cuts) if cuts else [line]):
            if piece or (cuts and cuts[0] == 0):
                runs.append([])
            if text is not None:
                runs[-1].append(text)
        ended = line.text.rstrip().endswith(_CLOSED)
    return [run for run in runs if run]


def _whole_labels(lines: Sequence[TextLine]) -> list[TextLine]:
    """Lines of which none ends between the word and the number of a label."""
    whole: list[TextLine] = []
    for line in lines:
        broken = _BROKEN_LABEL.search(whole[-1].text) if whole else None
        if broken is not None and line.text.lstrip()[:1].isdigit():
            rest, word = cut_line(whole[-1], broken.start("word"))
            if rest is not None and word is not None:
                whole[-1] = rest
                line = glue_lines(word, line)
        whole.append(line)
    return whole


def _possible_heads(line: TextLine) -> list[tuple[int, Span | None]]:
    """Where a caption may begin inside a line: a span set apart from what stands before it.

    Or a new sentence of one span, then without that span.
    """
    found: list[tuple[int, Span | None]] = []
    passed, last = 0, None
    for span in line.spans:
        words = len(span.text) - len(span.text.lstrip())
        if last is None:
            found.append((passed + words, None))
        elif (span.font, span.bold) != (last.font, last.bold):
            found.append((passed + words, span))
        found += [(passed + m.end(), None) for m in _SENTENCE_END.finditer(span.text)]
        passed += len(span.text)
        last = span if span.text.strip() else last
    return sorted(found, key=lambda item: item[0])


def _counts_on(before: FigureLabel, after: FigureLabel) -> bool:
    """Whether a label is the next one: of the same kind and chapter, its number one more."""
    if before.prefix != after.prefix or len(before.parts) != len(after.parts):
        return False
    return before.parts[:-1] == after.parts[:-1] and after.parts[-1] == before.parts[-1] + 1
