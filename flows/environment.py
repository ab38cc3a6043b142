"""Prefect's settings for a server of our own, which lives as long as the flow.

Prefect reads its settings when it is imported, so `prepare` comes before any import of a flow.
"""

from __future__ import annotations

import os
from pathlib import Path

from mmskin_build.store import storage_errors

_SETTINGS = {
    "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "true",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_ENABLED": "false",
    "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_TO_API_ENABLED": "false",
    "PREFECT_CLI_COLORS": "false",
}


def prepare(work: Path) -> None:
    """Set Prefect's settings where the user has set none; its files go to ``work/prefect``.

    A ``PREFECT_API_URL`` of the user's is kept: then the flow reports to that server.

    Raises:
        StorageError: If the folder cannot be made. Prefect's server would only time out.
    """
    home = (work / "prefect").resolve()
    with storage_errors(home):
        home.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("PREFECT_HOME", str(home))
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
