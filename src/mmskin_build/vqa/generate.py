"""Records become questions and answers: drafts of a backend, checked one by one and as a set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from mmskin_build.config import VqaConfig
from mmskin_build.qa import QAItem
from mmskin_build.records import Record
from mmskin_build.vqa.book_terms import BookTerm, with_book_terms
from mmskin_build.vqa.choose import is_due
from mmskin_build.vqa.drafts import Backend, Draft, Drafted, check_draft
from mmskin_build.vqa.facts import Fact, find_facts
from mmskin_build.vqa.pair_sets import check_sets
from mmskin_build.vqa.reasons import PairReason, Verdict
from mmskin_build.vqa.slots import is_yes_no, polarity
from mmskin_build.vqa.told import Told, read_told
from mmskin_build.vqa.vocabulary import Vocabulary, load_vocabulary

#: A pair on a record whose caption is that unsurely its own is looked at by a person.
DOUBTFUL_PAIRING = 0.9

# Facts that no question is asked about.
_NOT_SHOWN = frozenset({"panel", "comparison", "course", "measure"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedPair:
    """A pair that did not pass: its record, its words, why, and what decided."""

    record_id: str
    question: str
    answer: str
    reason: PairReason
    detail: str
    backend: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtfulPair:
    """An accepted pair that a person might look at, and why."""

    item: QAItem
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFacts:
    """What the words on one picture tell; evidence lies in the record's `figure_caption`."""

    record_id: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedTerm:
    """A name that a book brought, beside those of the program."""

    book_id: str
    term: BookTerm


@dataclass(frozen=True, slots=True, kw_only=True)
class VqaReport:
    """Counts of one run.

    `with_facts` are records of which something is plainly told, `untold` those whose words may be
    another panel's, `asked` those with a pair. `rejects` count pairs by reason, `faults` replies
    (of a model) or candidates (of the rules) that never became pairs; the rest is what the backend
    used.
    """

    backend: str
    prompt_version: str
    records: int
    untold: int
    with_facts: int
    asked: int
    pairs: int
    kinds: dict[str, int]
    openings: dict[str, int]
    yes: int
    no: int
    answer_words: float
    doubtful: int
    rejects: dict[str, int]
    faults: dict[str, int] = field(default_factory=dict)
    requests: int = 0
    cached: int = 0
    retries: int = 0
    failed: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float = 0.0
    stopped: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """All that one run gave; every draft is an item or a reject."""

    facts: tuple[RecordFacts, ...]
    items: tuple[QAItem, ...]
    rejects: tuple[RejectedPair, ...]
    doubtful: tuple[DoubtfulPair, ...]
    terms: tuple[NamedTerm, ...]
    report: VqaReport


Progress = Callable[[int, int], None]


def generate_pairs(
    records: Sequence[Record],
    backend: Backend,
    cfg: VqaConfig,
    book_terms: Mapping[str, Sequence[BookTerm]],
    progress: Progress | None = None,
) -> Generated:
    """Ask about records and keep what the check accepts.

    Args:
        records: In the order in which they are to stand; held ones may be among them.
        backend: Who writes.
        cfg: How many pairs a picture may have.
        book_terms: The names of each book, by its id, beside the vocabulary's.
        progress: Called with the records done and in all.
    """
    vocabularies = {
        book: with_book_terms(load_vocabulary(), terms) for book, terms in book_terms.items()
    }
    told = [
        item
        for record in records
        if (item := read_told(record, _vocabulary(vocabularies, record))) is not None
    ]
    by_id = {item.record.id: item for item in told}
    items: list[QAItem] = []
    rejects: list[RejectedPair] = []
    doubtful: list[DoubtfulPair] = []
    said: Counter[str] = Counter()
    for number, drafted in enumerate(backend.write(told), 1):
        kept, refused, doubted = _checked(by_id[drafted.record_id], drafted, backend, cfg, said)
        items += kept
        rejects += refused
        doubtful += doubted
        if progress is not None:
            progress(number, len(told))
    facts = tuple(
        RecordFacts(record_id=t.record.id, facts=find_facts(t.text, t.vocabulary)) for t in told
    )
    report = _report(records, facts, items, rejects, doubtful, backend)
    return Generated(
        facts=facts,
        items=tuple(items),
        rejects=tuple(rejects),
        doubtful=tuple(doubtful),
        terms=tuple(
            NamedTerm(book_id=book, term=term)
            for book, terms in sorted(book_terms.items())
            for term in terms
        ),
        report=report,
    )


def _vocabulary(vocabularies: Mapping[str, Vocabulary], record: Record) -> Vocabulary | None:
    found = vocabularies.get(record.provenance.book_id)
    return None if found is load_vocabulary() else found


def _checked(
    told: Told, drafted: Drafted, backend: Backend, cfg: VqaConfig, said: Counter[str]
) -> tuple[list[QAItem], list[RejectedPair], list[DoubtfulPair]]:
    record = told.record
    alone = [check_draft(told, d.question, d.answer) for d in drafted.drafts]
    verdicts = check_sets(((record.id, d.question, d.answer) for d in drafted.drafts), alone)
    kept: list[QAItem] = []
    refused: list[RejectedPair] = []
    doubted: list[DoubtfulPair] = []
    names: dict[int, str] = {}
    for place, (draft, verdict) in enumerate(zip(drafted.drafts, verdicts, strict=True)):
        verdict = _with_parent(draft, verdict, names)
        counts = backend.source == "model" and verdict.accept and is_yes_no(draft.question)
        says = polarity(draft.answer) if counts else None  # the rules see to it themselves
        if says is not None and not is_due(says, said, cfg):
            verdict = Verdict(accept=False, reason="unbalanced", detail=f"one {says} too many")
        if not verdict.accept:
            refused.append(
                RejectedPair(
                    record_id=record.id,
                    question=draft.question,
                    answer=draft.answer,
                    reason=verdict.reason or "malformed",
                    detail=verdict.detail,
                    backend=backend.name,
                )
            )
            continue
        item = QAItem(
            id=f"{record.id}_q{len(kept) + 1}",
            record_id=record.id,
            image=record.image,
            image_sha256=record.image_sha256,
            kind=draft.kind,
            question=draft.question.strip(),
            answer=draft.answer.strip(),
            evidence=verdict.evidence,
            source=backend.source,
            backend=backend.name,
            prompt_version=backend.prompt_version,
            follows=None if draft.follows is None else names[draft.follows],
        )
        names[place] = item.id
        if says is not None:
            said[says] += 1
        kept.append(item)
        why = verdict.doubt or _doubtful_pairing(record)
        if why is not None:
            doubted.append(DoubtfulPair(item=item, why=why))
    return kept, refused, doubted


def _with_parent(draft: Draft, verdict: Verdict, names: Mapping[int, str]) -> Verdict:
    """A question that refers to one that was refused has lost what it speaks of."""
    if verdict.accept and draft.follows is not None and draft.follows not in names:
        return Verdict(accept=False, reason="malformed", detail="refers to a refused question")
    return verdict


def _doubtful_pairing(record: Record) -> str | None:
    sure = record.alignment.confidence >= DOUBTFUL_PAIRING or record.alignment.source == "human"
    return None if sure else "the caption may not be this picture's"


def _tells(told: RecordFacts) -> bool:
    return any(f.status == "present" and f.kind not in _NOT_SHOWN for f in told.facts)


def opening(question: str) -> str:
    """Return the first two words of a question, as the openings are counted.

    >>> opening("What is the diagnosis?")
    'what is'
    """
    return " ".join(question.lower().replace(",", "").rstrip("?").split()[:2])


def _report(
    records: Sequence[Record],
    facts: Sequence[RecordFacts],
    items: Iterable[QAItem],
    rejects: Iterable[RejectedPair],
    doubtful: Sequence[DoubtfulPair],
    backend: Backend,
) -> VqaReport:
    items = tuple(items)
    usage = backend.usage
    said = Counter(item.answer.split()[0].strip(",.").lower() for item in items if item.answer)
    words = [len(item.answer.split()) for item in items]
    return VqaReport(
        backend=backend.name,
        prompt_version=backend.prompt_version,
        records=len(records),
        untold=len(records) - len(facts),
        with_facts=sum(map(_tells, facts)),
        asked=len({item.record_id for item in items}),
        pairs=len(items),
        kinds=_sorted(Counter(item.kind for item in items)),
        openings=_sorted(Counter(opening(item.question) for item in items)),
        yes=said["yes"],
        no=said["no"],
        answer_words=round(sum(words) / max(len(words), 1), 2),
        doubtful=len(doubtful),
        rejects=_sorted(Counter(reject.reason for reject in rejects)),
        faults=dict(sorted(usage.faults.items())),
        requests=usage.requests,
        cached=usage.cached,
        retries=usage.retries,
        failed=usage.failed,
        tokens_in=usage.tokens_in,
        tokens_out=usage.tokens_out,
        cost=round(usage.cost, 6),
        stopped=usage.stopped,
    )


def _sorted(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
