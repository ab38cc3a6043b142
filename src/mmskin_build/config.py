"""Settings: one frozen dataclass a stage, read from ``mmskin.toml``.

Each stage is handed its own part whole, and nothing else. Defaults stand on the fields with unit
and range; the remark behind a field, else the one above it, is its line in
``docs/reference/settings.md``; an unknown key is an error. What differs between books is learned
(`figures.profile`), never configured.
"""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import json
import os
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Interval

from mmskin_build.errors import ConfigError

CONFIG_NAME = "mmskin.toml"

Share = Annotated[float, Interval(ge=0, le=1)]
PositiveFloat = Annotated[float, Gt(0)]
PositiveInt = Annotated[int, Gt(0)]
Action = Literal["keep", "hold", "drop"]
MaskAction = Literal["keep", "hold", "drop", "mask"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfConfig:
    """How files become pages."""

    page_time_limit_s: PositiveFloat = 120.0  # for one page in one worker, OCR included
    memory_limit_mib: Annotated[int, Ge(512)] = 3072  # address space that one worker may grow by
    max_pages: PositiveInt = 10_000  # a longer document is refused
    max_page_side_pt: PositiveFloat = 14_400.0  # of a longer side; 200 inches is PDF 1.7's limit
    max_image_px: PositiveInt = 200_000_000  # decoded pixels of one image object
    max_fallback_share: Share = 0.2  # of pages read another way; above it the book says so
    ocr_language: str = "eng"  # Tesseract's codes joined by "+"; a book's own wins
    ocr_min_dpi: PositiveInt = 200  # a coarser scan is enlarged for OCR
    ocr_max_dpi: PositiveInt = 300  # a finer scan is reduced for OCR


@dataclass(frozen=True, slots=True, kw_only=True)
class FiguresConfig:
    """How pages become figure-caption pairs."""

    doubtful_below: Share = 0.9  # pairs with less confidence are listed as doubtful
    render_dpi: PositiveInt = 300  # resolution for vector drawings and skewed pictures
    second_look_share: Share = 0.02  # of a book's pages that the layout network may look at
    reread_share: Share = 0.1  # of a book's pages whose captions may be read again; at least one


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceConfig:
    """Where things lie and how much of the machine is used; never part of a cache key."""

    data: str = "data"  # the data folder, relative to the folder of mmskin.toml
    workers: Annotated[int, Ge(0)] = 0  # worker processes; 0 is one a processor


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreConfig:
    """Where machines that share no folder find stage outputs; never part of a cache key."""

    remote: str = ""  # as in s3://bucket/prefix; credentials come from the environment


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagesConfig:
    """What a picture is, and what is done with pictures of one kind.

    `keep` releases it, `hold` waits for a person's decision, `drop` leaves it out.
    """

    modality_model: str = ""  # a file of `mmskin modality train`; "" takes the model shipped
    photo_from: Share = 0.5  # probability below which a picture is no photograph
    other_modality: Action = "drop"  # X-rays, endoscopy, photographs that show no skin
    modality_disputed: Action = "hold"  # the picture and its words name different modalities
    annotated_minor: Action = "keep"  # a scale bar, a panel letter, a watermark
    annotated_major: Action = "hold"  # arrows, words, outlines
    too_small: Action = "drop"  # too few pixels to show anything
    blank: Action = "drop"  # one even color
    panels_disputed: Action = "hold"  # which words belong to which panel is not known


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyConfig:
    """What is done with sensitive pictures, by category; `mask` makes the region unrecognizable."""

    hold_from: Share = 0.5  # flags with a lower score do nothing
    face: MaskAction = "hold"  # a face, whole or in part
    eyes_barred: MaskAction = "hold"  # a face with a bar over the eyes, which hides nobody
    genitals: MaskAction = "hold"  # genitals, by the look or by the words
    breast: MaskAction = "hold"  # a breast
    child: Action = "keep"  # a child alone, dressed or a detail of one
    child_unclothed: Action = "hold"  # an unclothed child
    tattoo: MaskAction = "hold"  # a tattoo, or jewelry with words
    identifier: MaskAction = "hold"  # a name or a number in the picture


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitConfig:
    """How records are divided into training, validation and test."""

    validation_share: Share = 0.1  # of the groups that go to validation
    test_share: Share = 0.1  # of the groups that go to test; what both leave is for training
    test_books: tuple[str, ...] = ()  # ids of books that are held out whole for the test
    seed: int = 0  # another number draws another division

    def __post_init__(self) -> None:
        """Refuse shares that leave nothing for training.

        Raises:
            ValueError: If validation and test together take everything.
        """
        if self.validation_share + self.test_share >= 1:
            raise ValueError("validation_share and test_share together must be below 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetConfig:
    """How records become releases."""

    name: str = "mm-skin"  # letters, digits, "-", "_", "."; a folder below data/releases


@dataclass(frozen=True, slots=True, kw_only=True)
class VqaConfig:
    """How records get questions and answers; a language model is used only where one is named."""

    # who writes: rules, a server, or a model on this machine
    backend: Literal["rules", "openai", "transformers"] = "rules"
    pairs_a_picture: PositiveInt = 5  # at most; what the caption tells may give fewer
    yes_share: Share = 0.5  # of the yes-or-no questions that are answered by yes
    most_of_a_kind: Share = 0.2  # of all pairs that one kind should not pass
    seed: int = 0  # another number words the questions otherwise
    model: str = ""  # the name a server knows it by, or the folder of a local model
    base_url: str = "http://127.0.0.1:8000/v1"  # of a server that speaks OpenAI's protocol
    api_key_env: str = "OPENAI_API_KEY"  # the variable that holds the key; it is never written
    concurrency: PositiveInt = 8  # requests in flight
    requests_a_minute: Annotated[int, Ge(0)] = 0  # 0 is no limit
    timeout_s: PositiveFloat = 120.0  # for one request
    retries: Annotated[int, Ge(0)] = 4  # of a request that failed for the moment
    reply_tokens: PositiveInt = 1024  # most tokens of one reply
    token_budget: Annotated[int, Ge(0)] = 0  # tokens of one run, in and out; 0 is no limit
    price_in: Annotated[float, Ge(0)] = 0.0  # for a million tokens sent
    price_out: Annotated[float, Ge(0)] = 0.0  # for a million tokens received
    cost_budget: Annotated[float, Ge(0)] = 0.0  # of one run, in the currency of the prices; 0: none
    batch: PositiveInt = 8  # prompts at once, for a local model


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicConfig:
    """What is asked about the pictures of public sets; `split` and `split.seed` divide them."""

    pairs_a_picture: PositiveInt = 3  # at most
    # of a class with more pictures than the mean: all, the mean (equal), between (sqrt)
    balance: Literal["none", "sqrt", "equal"] = "sqrt"
    most_of_a_class: Annotated[int, Ge(0)] = 0  # pictures of one class of a set; 0 is no limit
    most_of_a_set: Annotated[int, Ge(0)] = 0  # pictures of one set; 0 is no limit
    seed: int = 0  # another number chooses and words otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewConfig:
    """What is asked of reviewers beside what is in doubt."""

    double_share: Share = 0.05  # of the tasks that two reviewers decide, to see if they agree
    known_share: Share = 0.02  # known cases among the tasks, to see if reviewers attend


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainConfig:
    """How SkinVL is fine-tuned; the numbers are upstream's, what else differs is faster."""

    # upstream-parity trains and asks as upstream does, and wins over the next three
    preset: Literal["one-convention", "upstream-parity"] = "one-convention"
    template: Literal["mistral_instruct", "v1"] = "mistral_instruct"  # how talks are spelled
    geometry: Literal["pad", "crop"] = "pad"  # to a square with the mean color; or the centre
    # questions of one picture: in a shared row, in separate rows, or as a dialogue
    rows: Literal["shared", "separate", "dialogue"] = "shared"
    lora_rank: PositiveInt = 128  # of the adapters
    lora_alpha: PositiveInt = 64  # the scale of the adapters is alpha over rank
    lora_dropout: Share = 0.05  # of what goes into the adapters
    learning_rate: PositiveFloat = 5e-5  # of the adapters
    projector_learning_rate: Annotated[float, Ge(0)] = 2e-5  # 0 leaves the projector as it is
    weight_decay: Annotated[float, Ge(0)] = 0.01  # of adapters and projector
    warmup_share: Share = 0.02  # of the steps; then a cosine down to 0
    epochs: PositiveInt = 1  # times each question is learned
    batch: PositiveInt = 16  # questions a step on the mean, over all processes
    max_length: PositiveInt = 2048  # tokens of a row, with its pictures; longer ones are refused
    max_gradient_norm: PositiveFloat = 1.0  # longer gradients are clipped
    seed: int = 0  # of order, adapters and dropout
    precision: Literal["auto", "bf16", "float32"] = "auto"  # bf16 on a GPU, float32 on a CPU
    compile: Literal["auto", "on", "off"] = "auto"  # decoder layers, on a GPU
    checkpointing: Literal["auto", "on", "off"] = "auto"  # of gradients; auto: where memory asks
    pad_to: PositiveInt = 128  # rows are padded to a multiple, so that few lengths are compiled
    micro_rows: Annotated[int, Ge(0)] = 0  # rows at once in one process; 0 asks the free memory
    workers: Annotated[int, Ge(0)] = 4  # processes that decode pictures; 0 decodes in the loop
    checkpoint_steps: PositiveInt = 100  # steps between checkpoints
    keep_last: PositiveInt = 3  # checkpoints; the best is kept besides
    broken_examples: Literal["refuse", "skip"] = "refuse"  # unreadable pictures, over-long rows
    public_data: tuple[str, ...] = ()  # LLaVA JSON of public sets; empty: what is prepared
    on_divergence: Literal["rollback", "stop"] = "rollback"  # at NaN, infinity or a spike
    spike_factor: Annotated[float, Gt(1)] = 4.0  # times the median of the last losses
    max_rollbacks: Annotated[int, Ge(0)] = 2  # then the run stops
    effective_tflops: Annotated[float, Ge(0)] = 0.0  # of a device, for --dry-run; 0 guesses
    price_per_hour: Annotated[float, Ge(0)] = 0.0  # of one device, in your currency
    wandb_project: str = ""  # empty: nothing is sent anywhere


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerateConfig:
    """How a trained model is asked."""

    # upstream: 5 beams, temperature 0.2, top-p 0.9; upstream-choice, for categories: 0.5
    decoding: Literal["greedy", "upstream", "upstream-choice"] = "greedy"
    batch: PositiveInt = 16  # questions at once
    max_new_tokens: PositiveInt = 256  # the longest answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All settings of a build."""

    pdf: PdfConfig = field(default_factory=PdfConfig)
    figures: FiguresConfig = field(default_factory=FiguresConfig)
    images: ImagesConfig = field(default_factory=ImagesConfig)
    privacy: PrivacyConfig = field(default_factory=PrivacyConfig)
    dataset: DatasetConfig = field(default_factory=DatasetConfig)
    split: SplitConfig = field(default_factory=SplitConfig)
    vqa: VqaConfig = field(default_factory=VqaConfig)
    public: PublicConfig = field(default_factory=PublicConfig)
    review: ReviewConfig = field(default_factory=ReviewConfig)
    train: TrainConfig = field(default_factory=TrainConfig)
    generate: GenerateConfig = field(default_factory=GenerateConfig)
    workspace: WorkspaceConfig = field(default_factory=WorkspaceConfig)
    store: StoreConfig = field(default_factory=StoreConfig)

    def workers(self) -> int:
        """Number of worker processes to start, at least 1."""
        return self.workspace.workers or processors()


def processors() -> int:
    """Number of processors that this process may use; not all systems can keep it from some."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class Workspace:
    """The data folder: registered books, stage outputs, releases; `remote` is `store.remote`."""

    data: Path
    remote: str = ""

    @property
    def books_toml(self) -> Path:
        """The list of registered books."""
        return self.data / "books.toml"

    @property
    def work(self) -> Path:
        """Everything that a build can make again."""
        return self.data / "work"

    @property
    def store(self) -> Path:
        """The content-addressed stage outputs."""
        return self.work / "store"

    @property
    def current(self) -> Path:
        """What the last build made: the entry point of release and audit."""
        return self.work / "build.json"

    @property
    def duplicates(self) -> Path:
        """The index of near duplicates, made anew where it is missing."""
        return self.work / "duplicates.sqlite"

    @property
    def review(self) -> Path:
        """Queue, decisions and samples of the review, beside the data folder."""
        return self.data.parent / "manual_review"

    @property
    def releases(self) -> Path:
        """Finished releases, ``<name>/<version>``."""
        return self.data / "releases"

    @property
    def withdrawn(self) -> Path:
        """What was withdrawn and must not come back."""
        return self.data / "withdrawn.jsonl"

    @property
    def public(self) -> Path:
        """Prepared public sets, ``<set>/``, and the questions on them."""
        return self.data / "public"

    @property
    def public_toml(self) -> Path:
        """Where the archives and folders of public sets lie."""
        return self.data / "public.toml"

    @property
    def public_work(self) -> Path:
        """What has been read of public sets, to go on from."""
        return self.work / "public"

    @property
    def models(self) -> Path:
        """Runs of training, ``skinvl-<variant>``, and merged models."""
        return self.data / "models"


def load_config(path: Path | None = None) -> Config:
    """Read `path`, else ``mmskin.toml`` in the current folder, else take the defaults.

    Relative folders in the file are taken from the folder of the file.

    Raises:
        ConfigError: If the file is missing, is no TOML, or has an unknown key, a value of the wrong
            type or a value out of range; the message names the file and the key.
    """
    if path is None:
        path = Path(CONFIG_NAME)
        if not path.exists():
            return Config()
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file; check --config") from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    cfg = parse_config(settings, str(path))
    data = path.parent / cfg.workspace.data
    return dataclasses.replace(cfg, workspace=dataclasses.replace(cfg.workspace, data=str(data)))


def parse_config(settings: dict[str, Any], source: str) -> Config:
    """Turn parsed TOML into settings; `source` names it in messages.

    Raises:
        ConfigError: As for `load_config`.
    """
    from pydantic import TypeAdapter, ValidationError

    _refuse_unknown_keys(settings, source)
    try:
        return TypeAdapter(Config).validate_json(json.dumps(settings, default=str), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{source}: {key} = {first['input']!r}: {first['msg']}") from None


def _refuse_unknown_keys(settings: dict[str, Any], source: str) -> None:
    sections = {f.name: f.default_factory for f in dataclasses.fields(Config)}
    known = [
        f"{section}.{f.name}"
        for section, factory in sections.items()
        for f in dataclasses.fields(factory)  # type: ignore[arg-type]
    ]
    for section, values in settings.items():
        if section not in sections:
            raise ConfigError(unknown_key(source, section, [*sections, *known], "section"))
        if not isinstance(values, dict):
            raise ConfigError(f"{source}: {section} is a section: write [{section}] above its keys")
        for key in values:
            if f"{section}.{key}" not in known:
                raise ConfigError(unknown_key(source, f"{section}.{key}", known, "key"))


def unknown_key(source: str, name: str, known: list[str], what: str) -> str:
    """Return the message for a key that nothing reads: `source` is the file, `what` the noun."""
    # A key in the wrong section is found by its last part, a misspelt one by its likeness.
    last = name.rsplit(".", 1)[-1]
    same = [k for k in known if k.rsplit(".", 1)[-1] == last]
    near = same or difflib.get_close_matches(name, known, n=1, cutoff=0.0)
    return f"{source}: unknown {what} {name!r}; nearest known: {near[0]!r}"


def config_sha256(*parts: object) -> str:
    """Return a digest of settings (dataclasses), equal for equal values."""
    plain = [dataclasses.asdict(part) for part in parts]  # type: ignore[call-overload]
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()
