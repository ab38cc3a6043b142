"""What people decided about pictures: modality, marks, privacy, patients, duplicates.

A verdict on a picture is bound to its pixels. Where a picture was cut anew and has other pixels, or
the words that a patient was read from have changed, the verdict is not applied: it comes back as a
task. A verdict settles only what its reviewer was asked: a doubt that is new since then holds the
picture still.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from mmskin_build.config import ImagesConfig
from mmskin_build.dataset.figure_verdicts import NEAR_PLACE, Outcome, OutcomeKind, is_of_book
from mmskin_build.dataset.judge import Judgement
from mmskin_build.decisions import Decision, DecisionField, Standing, content_key, ground_digest
from mmskin_build.geometry import iou
from mmskin_build.images.modality import MODALITIES
from mmskin_build.records import Book, Demographics, Flag, Label, Panel, Record, Review
from mmskin_build.text.demographics import group_of
from mmskin_build.text.top_coding import top_code

#: What may hold a picture, by the field that settles it; everything else is a matter of privacy.
ASKED: Mapping[str, DecisionField] = {
    "modality_disputed": "modality",
    "other_modality": "modality",
    "annotated_major": "annotated",
    "annotated_minor": "annotated",
    "too_small": "annotated",
    "blank": "annotated",
    "panels_disputed": "figure",
}
#: Why a person's verdict leaves a picture out.
REASONS = {"rejected_by_reviewer": "a person decided so; the detail names the field"}
REASONS_KEY = "reasons"  # of a decision's details: what the reviewer was asked, set off by blanks
_BY_MODALITY = ("not_a_photograph", "other_modality")
_AGES = ("age_years", "age_min", "age_max")


def field_of(reason: str) -> DecisionField:
    """Return the field of decisions that settles what holds a picture."""
    return ASKED.get(reason, "sensitive")


def patient_ground(figure_caption: str, panel_text: str | None) -> str:
    """Return the digest of the words that a patient is read from."""
    return ground_digest(figure_caption, panel_text)


@dataclass(slots=True)
class PictureVerdicts:
    """The verdicts of one book's pictures, and what becomes of each.

    Args:
        standing: What was decided, by `decisions.key_of`.
        book: Whose pictures they are.
        images: What is done with pictures of other modalities.
    """

    standing: Mapping[str, Standing]
    book: Book
    images: ImagesConfig
    outcomes: list[Outcome] = field(default_factory=list)

    def find(self, name: DecisionField, image_sha256: str) -> Decision | None:
        """Return the verdict that holds on one field of a picture."""
        if not self.standing:
            return None
        found = self.standing.get(content_key(name, image_sha256=image_sha256))
        return None if found is None else found.holds

    def settle(self, judged: Judgement, image_sha256: str, item_id: str) -> Judgement:
        """Return what becomes of a picture by its verdicts on modality, marks and privacy."""
        settling: tuple[tuple[DecisionField, Callable[[Judgement, Decision], Judgement]], ...] = (
            ("modality", self._modality),
            ("annotated", _marks),
            ("sensitive", _privacy),
        )
        for name, apply in settling:
            verdict = self.find(name, image_sha256)
            if verdict is not None:
                settled = apply(judged, verdict)
                self.note(verdict, item_id, changed=_is_change(judged, verdict))
                judged = settled
        return judged

    def settle_patient(
        self, found: Demographics, image_sha256: str, item_id: str, ground: str
    ) -> tuple[Demographics, Decision | None]:
        """Return the patient of a picture, and the verdict behind it if there is one."""
        verdict = self.find("demographics", image_sha256)
        if verdict is None:
            return found, None
        if verdict.ground != ground:
            self.note(verdict, item_id, kind="ground_changed")
            return found, None
        decided = found if verdict.value == "accepted" else read_patient(verdict.details)
        self.note(verdict, item_id, changed=decided != found)
        return decided, verdict

    def note(
        self,
        verdict: Decision,
        item_id: str,
        *,
        kind: OutcomeKind = "applied",
        changed: bool = False,
    ) -> None:
        """Write down what became of a verdict."""
        self.outcomes.append(
            Outcome(
                decision_id=verdict.id,
                field=verdict.field,
                reviewer=verdict.reviewer,
                outcome=kind,
                changed=changed,
                item_id=item_id,
            )
        )

    def fields_of(self, image_sha256: str) -> tuple[Decision, ...]:
        """Return the verdicts on modality, marks and privacy of a picture."""
        names: tuple[DecisionField, ...] = ("modality", "annotated", "sensitive")
        found = (self.find(name, image_sha256) for name in names)
        return tuple(verdict for verdict in found if verdict is not None)

    def note_unseen(self, pictures: Iterable[tuple[str, int, Panel]]) -> None:
        """Write down what became of verdicts on pictures of this book that are not there now.

        Args:
            pictures: Those that there are, also those that give no record: item id, page, panel.
        """
        given = tuple(pictures)
        known = [(item, page, panel.bbox) for item, page, panel in given]
        there = {panel.image_sha256 for _, _, panel in given}
        for standing in self.standing.values():
            verdict = standing.holds
            is_mine = is_of_book(verdict, self.book)
            if (
                verdict.field not in ("modality", "annotated", "sensitive", "demographics")
                or not is_mine
                or verdict.image_sha256 in there
                or verdict.bbox is None
            ):
                continue
            box = verdict.bbox
            best = max(
                ((iou(b, box), item) for item, page, b in known if page == verdict.page_index),
                default=(0.0, ""),
            )
            if best[0] >= NEAR_PLACE:
                self.note(verdict, best[1], kind="ground_changed")
            else:
                self.outcomes.append(
                    Outcome(
                        decision_id=verdict.id,
                        field=verdict.field,
                        reviewer=verdict.reviewer,
                        outcome="lost",
                    )
                )

    def _modality(self, judged: Judgement, verdict: Decision) -> Judgement:
        label = Label(value=verdict.value, confidence=1.0, source="human")
        held = tuple(reason for reason in judged.held if field_of(reason) != "modality")
        settled = replace(judged, modality=label, held=held)
        if verdict.value in MODALITIES:
            lifted = judged.reject is not None and judged.reject[0] in _BY_MODALITY
            return replace(settled, reject=None) if lifted else settled
        if verdict.value == "other" and self.images.other_modality != "drop":
            return settled
        reason = "other_modality" if verdict.value == "other" else "not_a_photograph"
        return replace(settled, reject=(reason, "decided by a person"))


def _is_change(judged: Judgement, verdict: Decision) -> bool:
    if verdict.field == "modality":
        return verdict.value != judged.modality.value or judged.reject is not None
    return verdict.value not in ("keep", "marks")


def asked(verdict: Decision) -> frozenset[str]:
    """Return what the reviewer of a picture was asked about."""
    return frozenset(verdict.details.get(REASONS_KEY, "").split())


def _marks(judged: Judgement, verdict: Decision) -> Judgement:
    if verdict.value == "drop":
        return replace(judged, reject=("rejected_by_reviewer", "annotated"))
    score = {"clean": 0.0, "marks": 1.0}.get(verdict.value)
    flags = tuple(
        Flag(name=flag.name, score=flag.score if score is None else score, source="human")
        for flag in judged.flags.annotated
    )
    reasons = asked(verdict)
    return replace(
        judged,
        flags=replace(judged.flags, annotated=flags),
        held=tuple(reason for reason in judged.held if reason not in reasons),
    )


def _privacy(judged: Judgement, verdict: Decision) -> Judgement:
    """Keep, mask or drop; a mask without a region, and any doubt not asked about, still holds."""
    if verdict.value == "drop":
        return replace(judged, reject=("rejected_by_reviewer", "sensitive"))
    reasons = asked(verdict)
    if verdict.value == "mask" and not verdict.boxes:
        return judged
    flags = tuple(
        replace(flag, source="human") if flag.name in reasons else flag
        for flag in judged.flags.sensitive
    )
    return replace(
        judged,
        flags=replace(judged.flags, sensitive=flags),
        held=tuple(reason for reason in judged.held if reason not in reasons),
        masks=tuple(sorted({*judged.masks, *verdict.boxes})),
    )


def read_patient(details: Mapping[str, str]) -> Demographics:
    """Return the patient that a reviewer wrote down, top-coded; what is no number is left out."""
    ages: dict[str, float | None] = {}
    for name in _AGES:
        try:
            ages[name] = float(details[name]) if details.get(name) else None
        except ValueError:
            ages[name] = None
    years = ages["age_years"]
    least, most = (years, years) if years is not None else (ages["age_min"], ages["age_max"])
    written = Demographics(
        age_years=years,
        age_min=ages["age_min"],
        age_max=ages["age_max"],
        age_group=details.get("age_group") or group_of(least, most),
        sex=details.get("sex") or None,
    )
    return top_code("", written, None)[1]


def review_of(verdicts: Sequence[Decision], *, changed: bool, before: Review) -> Review:
    """Return the review state of a record after verdicts, added to what it was before."""
    if not verdicts:
        return before
    last = max(verdicts, key=lambda d: (d.decided_at, d.id))
    is_later = before.decided_at is None or last.decided_at >= before.decided_at
    return Review(
        state="changed" if changed or before.state == "changed" else "accepted",
        reviewer=last.reviewer if is_later else before.reviewer,
        decided_at=last.decided_at if is_later else before.decided_at,
        decided=tuple(sorted({*before.decided, *(d.field for d in verdicts)})),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateVerdicts:
    """Pairs of pictures that people call the same, and not the same, by digests in order."""

    same: frozenset[tuple[str, str]] = frozenset()
    apart: frozenset[tuple[str, str]] = frozenset()
    by_picture: Mapping[str, tuple[Decision, ...]] = field(default_factory=dict)


def decide_duplicates(standing: Mapping[str, Standing]) -> DuplicateVerdicts:
    """Return the verdicts on near duplicates."""
    same: set[tuple[str, str]] = set()
    apart: set[tuple[str, str]] = set()
    by_picture: dict[str, list[Decision]] = {}
    for entry in standing.values():
        verdict = entry.holds
        if verdict.field != "duplicate" or not verdict.image_sha256 or not verdict.other_sha256:
            continue
        one, other = sorted((verdict.image_sha256, verdict.other_sha256))
        (same if verdict.value == "same" else apart).add((one, other))
        for digest in (one, other):
            by_picture.setdefault(digest, []).append(verdict)
    return DuplicateVerdicts(
        same=frozenset(same),
        apart=frozenset(apart),
        by_picture={digest: tuple(some) for digest, some in sorted(by_picture.items())},
    )


def apart_as_released(
    apart: Iterable[tuple[str, str]], made_from: Mapping[str, str]
) -> tuple[tuple[str, str], ...]:
    """Return the pairs that are not the same, also between masked copies, in order.

    Args:
        apart: Pairs of pictures as they were cut, by digest.
        made_from: Masked pictures by digest, with the digest of the picture each was made from.
    """
    copies: dict[str, list[str]] = {}
    for made, origin in made_from.items():
        copies.setdefault(origin, []).append(made)
    found: set[tuple[str, str]] = set()
    for one, other in apart:
        for first in (one, *copies.get(one, ())):
            for second in (other, *copies.get(other, ())):
                found.add((min(first, second), max(first, second)))
    return tuple(sorted(found))


def mark_reviewed(record: Record, verdicts: Sequence[Decision]) -> Record:
    """Return a record that names the verdicts on its duplicates."""
    changed = any(verdict.proposed not in (None, verdict.value) for verdict in verdicts)
    return replace(record, review=review_of(verdicts, changed=changed, before=record.review))
