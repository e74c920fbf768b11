"""A size sets requests, limits, retention and storage; persistence keeps series in a volume."""

import re
from typing import Any

import pytest

from stacks.charts import Profile
from stacks.config import PASSWORD, ConfigError, parse
from stacks.sizes import SIZES, Size
from tests.stacks.stack import GOOD_PASSWORD, HTTP, container, plan_of, release_values

UNITS = {"": 1, "m": 1e-3, "Mi": 2**20, "Gi": 2**30, "GB": 1e9, "MiB": 2**20}


def amount(text: str) -> float:
    found = re.fullmatch(r"([\d.]+)([A-Za-z]*)", text)
    assert found, text
    return float(found[1]) * UNITS[found[2]]


def spec(**more: object) -> dict[str, Any]:
    values = release_values(plan_of(**more), "kube-prometheus-stack")  # type: ignore[arg-type]
    return dict(values["prometheus"]["prometheusSpec"])


def memory_limits(values: Any) -> list[float]:
    if not isinstance(values, dict):
        return []
    own = values.get("limits") if isinstance(values.get("limits"), dict) else {}
    found = [amount(own["memory"])] if own and "memory" in own else []
    return found + [each for value in values.values() for each in memory_limits(value)]


@pytest.mark.parametrize("profile", list(Profile))
def test_no_limit_is_lower_in_a_larger_size(profile: Profile) -> None:
    plans = [plan_of(profile=profile, size=size) for size in Size]
    for releases in zip(*(each.releases for each in plans), strict=True):
        small, standard, large = (memory_limits(each.values) for each in releases)
        assert all(a <= b <= c for a, b, c in zip(small, standard, large, strict=True))
    limits = [spec(size=size)["resources"]["limits"]["memory"] for size in Size]
    assert limits == ["1536Mi", "4Gi", "16Gi"]


@pytest.mark.parametrize("size", list(Size))
def test_what_prometheus_keeps_fits_into_its_volume(size: Size) -> None:
    found = spec(size=size, persistence="on")
    storage = found["storageSpec"]["volumeClaimTemplate"]["spec"]["resources"]["requests"]
    assert amount(found["retentionSize"]) * 1.2 <= amount(storage["storage"])
    assert storage["storage"] == SIZES[size].storage


@pytest.mark.parametrize("size", list(Size))
def test_servers_without_resources_of_their_own_have_those_of_the_size(size: Size) -> None:
    planned = plan_of(size=size, servers=[HTTP])
    assert container(planned, "search")["resources"] == SIZES[size].proxy
    assert container(planned, "search", "server")["resources"] == SIZES[size].server


def test_persistence_is_a_claim_of_the_class_and_size_that_are_given() -> None:
    assert "storageSpec" not in spec(persistence="off")
    given = spec(persistence="on", storageClass="fast", storageSize="100Gi")
    assert given["storageSpec"]["volumeClaimTemplate"]["spec"] == {
        "storageClassName": "fast",
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "100Gi"}},
    }
    assert "storageClassName" not in str(spec(persistence="on"))


@pytest.mark.parametrize("key", ["storageClass", "storageSize"])
def test_a_volume_that_is_not_there_has_no_class_and_no_size(key: str) -> None:
    with pytest.raises(ConfigError, match=f"{key}: '1' is not allowed; there is no volume"):
        parse({PASSWORD: GOOD_PASSWORD, "persistence": "off", key: "1"})
