"""Everything that stops a run, and the exit code that it ends with.

A bad *item* (a page, a figure, a picture) is data: a `records.Reject` with a reason. A bad *run* is
one of these exceptions; `cli.py` catches them once, prints the message and leaves with its code.

* MmskinError (1)
  * ConfigError (3)            a setting, a TOML file or an option is wrong
    * BookRegistryError (3)    data/books.toml: unknown id, double id, missing fields
  * InputPdfError (4)          a PDF cannot be used at all
    * EncryptedPdfError (5)    a password is needed, or the given one is wrong
    * ChangedBookError (6)     the file is not the one that was registered
    * MissingBookError (6)     the registered file is not there
  * MissingDependencyError (7) a program, a language pack or an extra is not installed
  * SchemaError (8)            a JSON file breaks its schema
    * AdobeExtractError (8)    Adobe's output for a book is missing or belongs to another PDF
    * PublicSetError (8)       a public data set is missing a file or is of another form
  * ReleaseError (9)           a release cannot be written as asked
    * ReleaseExistsError (9)   that version is there already
    * VerificationError (10)   a release is not what its manifest says
  * StorageError (11)          the disk is full, a folder cannot be written, storage not reached
    * DamagedObjectError (11)  what shared storage holds is not what it should be
  * ClusterError (13)          a Dask cluster cannot be used, or ends for good
  * ModelError (14)            a model, a shard or an adapter cannot be used
  * TrainingError (15)         training cannot begin or go on: data, memory, a loss that diverges
  * ResourceError (16)         memory ran out, or a worker process could not be started
  * TrainingStopped (75)       stopped by SIGTERM; the state is saved, ``--resume`` goes on

Exit code 0 is success, 2 a usage error, 12 a run that finished but rejected whole books
(``EXIT_PARTIAL``), 130 an interrupt.
"""

from __future__ import annotations

EXIT_PARTIAL = 12
EXIT_INTERRUPTED = 130

#: When a command ends with which code, for people.
EXIT_CODES = {
    0: "done",
    1: "an unexpected error; `--debug` shows where",
    2: "wrong usage",
    3: "a setting, an option or `books.toml` is wrong",
    4: "the PDF cannot be used: none, empty, damaged beyond repair, no pages, too many",
    5: "a password is needed, or the given one is wrong",
    6: "a registered book is missing or is not the file that was registered",
    7: "a program, a language or a package is not installed",
    8: "a JSON file does not have the documented form, or Adobe's output is of another PDF; "
    "a public set lacks a file or a column",
    9: "the release cannot be made as asked, for instance because the version exists",
    10: "the release on disk is not what its manifest says",
    11: "the disk is full, a folder cannot be written, or shared storage not be reached",
    EXIT_PARTIAL: "done, but without some books or files; they are listed",
    13: "a Dask cluster cannot be used, or was lost for good",
    14: "a model folder, a shard or an adapter cannot be used",
    15: "training cannot begin or go on: examples, memory, a loss that diverges",
    16: "memory ran out, or no worker process could be started",
    75: "training was asked to stop and has saved its state; `--resume` goes on",
    EXIT_INTERRUPTED: "interrupted; the same command goes on from there",
}


class MmskinError(Exception):
    """Base of all errors that end a run; the message says where, what, and what to do."""

    exit_code = 1


class ConfigError(MmskinError):
    """A setting is unknown, of the wrong type or out of range."""

    exit_code = 3


class BookRegistryError(ConfigError):
    """``data/books.toml`` contradicts itself or names a book that is not registered."""


class InputPdfError(MmskinError):
    """A PDF cannot be read at all: not a PDF, empty, damaged beyond repair, no pages."""

    exit_code = 4


class EncryptedPdfError(InputPdfError):
    """A PDF needs a password, or the one given does not open it."""

    exit_code = 5


class ChangedBookError(InputPdfError):
    """A registered PDF no longer has the sha256 under which it was registered."""

    exit_code = 6


class MissingBookError(InputPdfError):
    """A registered PDF is not at its path."""

    exit_code = 6


class MissingDependencyError(MmskinError):
    """A program, a language pack or an optional package is not installed."""

    exit_code = 7


class SchemaError(MmskinError):
    """A JSON or JSONL file does not have the documented form."""

    exit_code = 8


class AdobeExtractError(SchemaError):
    """Adobe's output for a book is missing, of another form, or made of another PDF."""


class PublicSetError(SchemaError):
    """A public data set lacks a file or a column, or one of its archives is cut off."""


class ReleaseError(MmskinError):
    """A release cannot be made as asked."""

    exit_code = 9


class ReleaseExistsError(ReleaseError):
    """The version exists already; releases are never edited."""


class VerificationError(ReleaseError):
    """A release on disk is not what its manifest and checksums say."""

    exit_code = 10


class StorageError(MmskinError):
    """The disk is full, a folder cannot be written, or shared storage cannot be reached."""

    exit_code = 11


class DamagedObjectError(StorageError):
    """An object of shared storage is cut off, has other bytes, or is none of this program's."""


class ClusterError(MmskinError):
    """A Dask cluster cannot be reached, is of another kind than this program needs, or is lost."""

    exit_code = 13


class ModelError(MmskinError):
    """A model folder, one of its shards or an adapter is missing, damaged or of another kind."""

    exit_code = 14


class TrainingError(MmskinError):
    """Training cannot begin or go on: broken examples, too little memory, a loss that diverges."""

    exit_code = 15


class ResourceError(MmskinError):
    """This process ran out of memory, or no worker process could be started."""

    exit_code = 16


class TrainingStopped(MmskinError):
    """Training was asked to stop (SIGTERM, preemption), saved its state and left."""

    exit_code = 75
