"""The commands of questions and answers: vqa, vqa check."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from mmskin_build.cli.console import in_words, print_json, print_table, progress_bars
from mmskin_build.cli.options import Settings, common_options
from mmskin_build.errors import EXIT_PARTIAL

_PATH = click.Path(path_type=Path)


@click.group(
    invoke_without_command=True,
    epilog="""\b
Examples:
  mmskin vqa                     ask about the records of the last build, then: mmskin release
  mmskin vqa check --in pairs.jsonl --out verdicts.jsonl""",
)
@common_options
@click.pass_context
def vqa(context: click.Context, settings: Settings) -> int:
    """Ask and answer questions on the last build (MM-Skin-O).

    By rules, or by the language model that the section [vqa] of the settings names. Every pair is
    checked against its caption; what does not follow is kept apart with its reason.
    """
    if context.invoked_subcommand is not None:
        return 0
    from mmskin_build import builds
    from mmskin_build.books import read_books
    from mmskin_build.questions import make_questions
    from mmskin_build.queues import write_build_queue
    from mmskin_build.store import plain

    summary = builds.read_build(settings.workspace)
    records = builds.read_records(settings.workspace, summary)
    with progress_bars(settings) as show:
        made = make_questions(settings.workspace, settings.cfg.vqa, summary, records, show)
    if made.is_finished:
        books = read_books(settings.workspace)
        write_build_queue(settings.workspace, settings.cfg, summary, books)
    report = made.report
    if settings.as_json:
        print_json(
            {
                **plain(report),
                "finished": made.is_finished,
                "fresh": made.fresh,
                "out": str(made.folder),
            }
        )
    elif not settings.quiet:
        print_table(
            ["records", "with facts", "asked", "pairs", "yes", "no", "rejected", "doubtful"],
            [
                [
                    report.records, report.with_facts, report.asked, report.pairs, report.yes,
                    report.no, sum(report.rejects.values()), report.doubtful,
                ]
            ],
        )  # fmt: skip
        click.echo(f"kinds: {in_words(report.kinds)}")
        if report.rejects:
            click.echo(f"rejected: {in_words(report.rejects)}")
        if report.requests or report.cached:
            click.echo(
                f"requests: {report.requests}, kept replies: {report.cached}, tokens: "
                f"{report.tokens_in} in, {report.tokens_out} out, cost: {report.cost:g}"
            )
        click.echo(f"written: {made.folder}")
    if not made.is_finished:
        click.echo(
            f"mmskin: not finished ({report.stopped or in_words(report.faults)}); the same command "
            "goes on from there",
            err=True,
        )
        return EXIT_PARTIAL
    return 0


@vqa.command(
    epilog="""\b
Example:
  mmskin vqa check --in pairs.jsonl --out verdicts.jsonl

\b
Each line of --in is a JSON object with "caption", "question" and "answer"; "record_id" or "image"
say which pairs are on one picture [those with the same caption], "modality" what the picture is.
Each line of --out answers one line of --in:
  accept, reason (null where accepted), detail, evidence: [{start, end, field}] in the caption
A line that is no pair is answered by the reason malformed and told by its number (code 12)."""
)
@click.option("--in", "source", type=_PATH, required=True, help="JSONL with pairs.")
@click.option("--out", type=_PATH, required=True, help="JSONL to write.")
@common_options
def check(source: Path, out: Path, settings: Settings) -> int:
    """Check pairs against their captions, line for line.

    The answer must follow from the caption: its words, numbers, negations and sides; no two pairs
    on a picture may ask the same or contradict each other.
    """
    from mmskin_build.store import write_bytes
    from mmskin_build.vqa.pair_files import check_lines, read_pairs, verdict_line

    lines = read_pairs(source)
    verdicts = check_lines(lines)
    write_bytes(out, b"".join(map(verdict_line, verdicts)))
    bad = [line for line in lines if line.pair is None]
    for line in bad:
        click.echo(f"{source} line {line.number}: {line.fault}", err=True)
    reasons = Counter(str(v.reason) for v in verdicts if v.reason is not None)
    accepted = sum(v.accept for v in verdicts)
    if settings.as_json:
        print_json(
            {
                "pairs": len(verdicts),
                "accepted": accepted,
                "rejected": dict(sorted(reasons.items())),
                "bad_lines": [line.number for line in bad],
                "out": str(out),
            }
        )
    elif not settings.quiet:
        print_table(
            ["pairs", "accepted", "rejected", "written"],
            [[len(verdicts), accepted, in_words(reasons), str(out)]],
        )
    return EXIT_PARTIAL if bad else 0


COMMANDS = (vqa,)
