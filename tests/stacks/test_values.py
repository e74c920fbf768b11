"""Values are base, overlay and references, with every slip refused by name."""

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from stacks.architectures import ARCHITECTURES
from stacks.chart_values import known_keys
from stacks.charts import CHARTS, Component, Profile
from stacks.config import StackConfig
from stacks.plan import references
from stacks.sizes import Size
from stacks.values import FOLDER, Values, ValuesError, load, merge, null_keys, values_of
from tests.stacks.stack import STACKS, plan_of, release_values


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_maps_merge_lists_and_scalars_are_replaced_and_the_base_stays_as_it_was() -> None:
    base = {"a": {"x": 1, "y": [1, 2]}, "b": 1}
    merged = merge(base, {"a": {"y": [3]}, "b": 2})
    assert merged == {"a": {"x": 1, "y": [3]}, "b": 2}
    assert base == {"a": {"x": 1, "y": [1, 2]}, "b": 1}


def test_an_overlay_key_that_the_base_lacks_is_refused_by_its_path() -> None:
    with pytest.raises(ValuesError) as caught:
        merge({"a": {"x": 1}}, {"a": {"z": 1}})
    assert str(caught.value) == "overlay key a.z is not in the base; known: x"


def test_an_overlay_may_name_pipelines_of_its_own() -> None:
    base: Values = {"alternateConfig": {"service": {"pipelines": {"traces": {}}}}}
    overlay: Values = {"alternateConfig": {"service": {"pipelines": {"metrics": {}}}}}
    merged = merge(base, overlay)["alternateConfig"]["service"]["pipelines"]
    assert merged == {"traces": {}, "metrics": {}}


def test_a_null_is_refused_wherever_it_is(tmp_path: Path) -> None:
    path = written(tmp_path / "chart.yaml", "a: [{b: null}]\n")
    with pytest.raises(ValuesError) as caught:
        load(path, {})
    assert str(caught.value) == ("chart.yaml: a[0].b is null; nulls in Helm values may be dropped")


def test_a_reference_is_resolved_and_an_unknown_one_is_refused_by_its_line(tmp_path: Path) -> None:
    path = written(tmp_path / "chart.yaml", "a: !ref url\nb: !ref ulr\n")
    with pytest.raises(ValuesError) as caught:
        load(path, {"url": "http://x"})
    assert str(caught.value) == "chart.yaml:2: !ref ulr is unknown; known: url"
    assert load(path, {"url": "http://x", "ulr": "y"}) == {"a": "http://x", "b": "y"}


@pytest.mark.parametrize("architecture", ARCHITECTURES.values())
@pytest.mark.parametrize("profile", Profile)
def test_every_chart_has_values_without_nulls_for_every_architecture(
    architecture: object, profile: Profile
) -> None:
    config = StackConfig(profile=profile)
    overlay = str(getattr(architecture, "overlay", ""))
    for chart in CHARTS[profile].values():
        assert null_keys(values_of(chart.values, overlay, references(config))) == []


def test_every_values_file_is_used_and_every_overlay_changes_something() -> None:
    bases = {chart.values for charts in CHARTS.values() for chart in charts.values()}
    assert {path.stem for path in FOLDER.glob("*.yaml")} == bases
    sizes = {f"size-{size}" for size in Size if size is not Size.SMALL}
    folders = {path.name for path in FOLDER.iterdir() if path.is_dir()}
    assert folders == ARCHITECTURES.keys() | sizes | {"grafana-only", "prometheus-only"}
    names = references(StackConfig())
    for path in FOLDER.glob("*/*.yaml"):
        base = load(FOLDER / path.name, names)
        assert merge(base, load(path, names)) != base, path


def test_every_reference_that_the_plan_offers_is_used_by_some_file() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.yaml"))
    assert set(re.findall(r"!ref (\w+)", text)) == references(StackConfig()).keys()


def test_no_address_and_no_password_is_written_into_a_values_file() -> None:
    for path in FOLDER.rglob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        assert ".svc" not in text, path
        assert "assword:" not in text.replace("passwordKey:", ""), path


MAPS = st.recursive(
    st.integers() | st.lists(st.integers()),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from("abc"), MAPS))
def test_merging_a_map_into_itself_changes_nothing(values: dict[str, object]) -> None:
    assert merge(values, values) == values


def test_the_grafana_queries_hold_no_helm_template() -> None:
    """The chart passes the list through Helm's `tpl`."""
    config = StackConfig()
    sources = values_of("kube-prometheus-stack", ["otel-scrape"], references(config))
    assert "{{" not in yaml.safe_dump(sources["grafana"]["additionalDataSources"])


@pytest.mark.parametrize("profile", list(Profile))
@pytest.mark.parametrize("interval", [1, 15, 60])
def test_no_monitor_of_a_chart_waits_longer_than_its_interval(
    profile: Profile, interval: int
) -> None:
    """The operator rejects such a monitor, and an alert fires for ever."""
    chart = CHARTS[profile][Component.PROMETHEUS]
    values = release_values(plan_of(profile=profile, scrapeIntervalSeconds=interval), chart.name)
    spec = values["prometheus"]["prometheusSpec"]
    exporter = values["prometheus-node-exporter"]["prometheus"]["monitor"]
    for each in (spec, exporter, values["grafana"]["serviceMonitor"]):
        seconds = int(each.get("interval", spec["scrapeInterval"]).removesuffix("s"))
        assert seconds == interval
        assert 1 <= int(each["scrapeTimeout"].removesuffix("s")) <= interval
    timeouts = [each for each in known_keys(f"{chart.name}-{chart.version}") if "imeout" in each]
    known = {"grafana.serviceMonitor.scrapeTimeout", "prometheus.prometheusSpec.scrapeTimeout"}
    assert known <= set(timeouts)


@pytest.mark.parametrize("profile", list(Profile))
def test_prometheus_takes_the_marks_of_faults_only_if_that_is_chosen(profile: Profile) -> None:
    chart = CHARTS[profile][Component.PROMETHEUS]
    key = "enableOTLPReceiver"
    for chosen in (False, True):
        values = release_values(plan_of(profile=profile, faultInjection=chosen), chart.name)
        assert values["prometheus"]["prometheusSpec"].get(key, False) is chosen
    assert f"prometheus.prometheusSpec.{key}" in known_keys(f"{chart.name}-{chart.version}")


@pytest.mark.parametrize(("architecture", "profile"), STACKS)
def test_the_pods_of_our_charts_are_confined(architecture: str, profile: str) -> None:
    planned = plan_of(architecture, profile)
    jaeger = release_values(planned, "jaeger")["jaeger" if profile == "current" else "allInOne"]
    for values in (jaeger, release_values(planned, "otel-collector")):
        assert values["podSecurityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert values["securityContext"]["allowPrivilegeEscalation"] is False
        assert values["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_remote_write_gives_up_after_its_last_retry_and_not_before() -> None:
    writer = plan_of("otel-remote-write").collector["exporters"]["prometheusremotewrite"]
    assert seconds(writer["timeout"]) > seconds(writer["retry_on_failure"]["max_elapsed_time"])


def seconds(text: str) -> int:
    return int(text.removesuffix("s"))
