"""The plan: the same input gives the same plan, and a change touches only what differs."""

from itertools import combinations

import pytest
import yaml

from dashboards.bundles import monitoring_bundle
from dashboards.inhibition import InhibitRule, inhibit_rules
from stacks.architectures import ARCHITECTURES
from stacks.charts import CHARTS, Chart, Component, Profile
from stacks.config import PASSWORD, parse
from stacks.plan import Plan, plan
from tests.stacks.draw_key_paths import SHARED
from tests.stacks.stack import GOOD_PASSWORD, SERVERS, STACKS, TOOLHIVE, plan_of

PUSHED = {"otel-scrape", "otel-remote-write"}


def by_name(planned: Plan) -> dict[tuple[str, str], object]:
    return {(each["kind"], each["metadata"]["name"]): each for each in planned.objects}


def inhibited_by(chart: Chart, where_not_there: list[InhibitRule]) -> list[InhibitRule]:
    """The inhibit rules of a chart's own values."""
    values = SHARED / f"{chart.name}-{chart.version}" / "values.yaml"
    if not values.is_file():
        return where_not_there
    alertmanager = yaml.safe_load(values.read_text(encoding="utf-8"))["alertmanager"]
    own: list[InhibitRule] = alertmanager["config"]["inhibit_rules"]
    return own


def changed_objects(one: Plan, other: Plan) -> set[str]:
    """The kinds of what is there before and after, but different."""
    before, after = by_name(one), by_name(other)
    return {key[0] for key in before.keys() & after.keys() if before[key] != after[key]}


def changed_releases(one: Plan, other: Plan) -> set[str]:
    pairs = zip(one.releases, other.releases, strict=True)
    return {before.name for before, after in pairs if before != after}


@pytest.mark.parametrize(("architecture", "profile"), STACKS)
def test_the_same_configuration_gives_the_same_plan(architecture: str, profile: str) -> None:
    config = parse({"architecture": architecture, "profile": profile, PASSWORD: GOOD_PASSWORD})
    assert plan(config) == plan(config)


@pytest.mark.parametrize(("one", "other"), list(combinations(ARCHITECTURES, 2)))
def test_switching_the_architecture_touches_only_what_differs(one: str, other: str) -> None:
    before, after = plan_of(one), plan_of(other)
    writes = "otel-remote-write" in (one, other)
    stack = {"kube-prometheus-stack"} if writes else set()
    assert changed_releases(before, after) == {"otel-collector"} | stack
    switched = (one in PUSHED) != (other in PUSHED)
    emitters = {"Deployment", "MCPTelemetryConfig"} if switched else set()
    assert changed_objects(before, after) == emitters
    come_and_go = {kind for kind, _ in by_name(before).keys() ^ by_name(after).keys()}
    assert come_and_go <= {"ServiceMonitor"}
    assert before.namespaces == after.namespaces


@pytest.mark.parametrize("profile", Profile)
def test_an_alertmanager_that_is_turned_on_keeps_back_what_follows_from_worse(
    profile: Profile,
) -> None:
    [release] = [
        each for each in plan_of(profile=profile).releases if each.component is Component.PROMETHEUS
    ]
    alertmanager = release.values["alertmanager"]
    rules = alertmanager["config"]["inhibit_rules"]

    assert alertmanager["enabled"] is False
    ours = list(inhibit_rules(monitoring_bundle()))

    assert rules[0]["target_matchers"] == ["severity =~ warning|info"]
    assert rules[-len(ours) :] == ours
    assert rules[: -len(ours)] == inhibited_by(release.chart, where_not_there=rules[: -len(ours)])


def test_changing_one_server_touches_only_that_server() -> None:
    changed = [{**TOOLHIVE, "image": "registry.example/fetch:1.0.1"}, *SERVERS[1:]]
    before, after = by_name(plan_of()), by_name(plan_of(servers=changed))
    assert {key for key in before if before[key] != after[key]} == {("MCPServer", "fetch")}
    assert changed_releases(plan_of(), plan_of(servers=changed)) == set()


@pytest.mark.parametrize(("architecture", "profile"), STACKS)
def test_releases_come_in_install_order_with_the_profiles_pins(
    architecture: str, profile: str
) -> None:
    planned = plan_of(architecture, profile)
    assert [each.component for each in planned.releases] == list(Component)
    assert [each.chart for each in planned.releases] == list(CHARTS[Profile(profile)].values())
    assert {each.namespace for each in planned.releases} <= set(planned.namespaces)


@pytest.mark.parametrize(("architecture", "profile"), STACKS)
def test_every_object_lives_in_a_namespace_of_the_plan_under_a_name_of_its_own(
    architecture: str, profile: str
) -> None:
    planned = plan_of(architecture, profile)
    assert len(by_name(planned)) == len(planned.objects)
    assert {each["metadata"]["namespace"] for each in planned.objects} <= set(planned.namespaces)


def test_a_stack_without_servers_is_a_stack() -> None:
    planned = plan_of(servers=[])
    assert planned.proxies == ()
    kinds = {each["kind"] for each in planned.objects}
    assert kinds == {"ConfigMap", "PrometheusRule", "ServiceMonitor"}


def test_the_intervals_are_as_configured() -> None:
    planned = plan_of(scrapeIntervalSeconds=1, pushIntervalSeconds=2)
    assert (planned.intervals.scrape_seconds, planned.intervals.push_seconds) == (1, 2)


def test_no_two_profiles_share_a_pin() -> None:
    current, tutorial = CHARTS[Profile.CURRENT], CHARTS[Profile.TUTORIAL]
    assert all(current[component].version != tutorial[component].version for component in Component)
    assert all(each.version for charts in CHARTS.values() for each in charts.values())
