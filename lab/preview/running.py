"""The Prometheus of a demo that runs here, found by the settings in its run folder."""

import json
from pathlib import Path

from lab.programs import DATA_FOLDER, PROMETHEUS_FILE, ROOT

RUNS = ROOT / "run"

_SERVICE = "__meta_kubernetes_service_name"


def running_demo(runs: Path = RUNS) -> str | None:
    """The URL of the Prometheus of the demo that started last; None if none runs."""
    folders = [each.parent for each in runs.glob(f"*/{DATA_FOLDER}")]
    newest = max(folders, key=lambda folder: folder.stat().st_mtime, default=None)
    return None if newest is None else f"http://{_own_target(newest / PROMETHEUS_FILE)}"


def _own_target(settings: Path) -> str:
    """Where the Prometheus of these settings scrapes itself."""
    jobs = json.loads(settings.read_text(encoding="utf-8"))["scrape_configs"]
    targets = (each for job in jobs for each in job["static_configs"])
    return next(
        str(each["targets"][0]) for each in targets if each["labels"][_SERVICE] == "prometheus"
    )
