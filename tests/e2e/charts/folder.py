"""A folder of stand-in charts, as `chartSource` takes it."""

from __future__ import annotations

import shutil
from pathlib import Path

import yaml

from stacks.charts import CHARTS, Chart, Profile
from tests.e2e.charts.definitions import DEFINITIONS, TEMPLATED

_HERE = Path(__file__).parent
_RECORD = "recorded-values.yaml"


def write(folder: Path, profile: Profile) -> Path:
    """Write the five charts of a profile, in the versions it pins, into a new folder."""
    for chart in CHARTS[profile].values():
        _write_chart(folder / chart.name, chart, profile)
    return folder


def _write_chart(target: Path, chart: Chart, profile: Profile) -> None:
    shutil.copytree(_HERE / chart.name, target)
    shutil.copy(_HERE / _RECORD, target / "templates")
    description = {"apiVersion": "v2", "name": chart.name, "version": chart.version}
    (target / "Chart.yaml").write_text(yaml.safe_dump(description))
    if definitions := DEFINITIONS[profile].get(chart.name):
        templated = chart.name in TEMPLATED[profile]
        place = target / ("files" if templated else "crds")
        place.mkdir()
        manifests = [definition.manifest(keep=templated) for definition in definitions]
        (place / "crds.yaml").write_text(yaml.safe_dump_all(manifests))
