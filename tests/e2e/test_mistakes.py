"""A mistake in the configuration ends `pulumi up` with one clear line, before anything exists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stacks.charts import Profile
from tests.e2e import program
from tests.e2e.engine import Engine, EngineFailed, Project
from tests.e2e.kubeapi.client import Client
from tests.e2e.kubeapi.inventory import inventory

pytestmark = pytest.mark.slow

_WEBSOCKET = {**program.SERVERS[1], "transport": "websocket"}
# An inline program's error is reported twice: the SDK logs it and returns it. A language host exits
# with a code for "reported already".
_REPEATED = "an unhandled error occurred: "


@pytest.mark.parametrize(
    ("overrides", "secrets", "line"),
    [
        ({}, {}, "validating stack config: Stack 'otel-scrape' is missing configuration value"),
        (
            {"chartSource": "no/such/folder"},
            {program.PASSWORD: "a good password"},
            f"{program.PREFIX}:chartSource: 'no/such/folder' is not allowed; allowed: repositories",
        ),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_created(
    engine: Engine,
    client: Client,
    charts: dict[Profile, Path],
    *,
    overrides: dict[str, Any],
    secrets: dict[str, str],
    line: str,
) -> None:
    """Of the configuration, and of what the cluster's side finds; tests/stacks has all."""
    given = {"chartSource": str(charts[Profile.CURRENT]), **overrides}
    refusal = _refusal(engine, client, program.project("otel-scrape", given, secrets))
    assert refusal.startswith(line)


def test_all_mistakes_are_reported_at_once(
    engine: Engine, client: Client, charts: dict[Profile, Path]
) -> None:
    overrides = {
        "chartSource": str(charts[Profile.CURRENT]),
        "architecture": "pull",
        "servers": [_WEBSOCKET, {**program.SERVERS[2], "port": 1}],
        "kubernetes:context": "nowhere",
    }
    before = inventory(client)
    stack = engine.create_stack(
        program.project("otel-scrape", overrides, {program.PASSWORD: "x"}), program.run
    )
    with pytest.raises(EngineFailed) as failure:
        stack.up()
    for key in ("architecture", "servers[0].transport", "servers[1].port", "grafanaAdminPassword"):
        assert f"{program.PREFIX}:{key}: " in str(failure.value)
    assert "kubernetes:context: 'nowhere' is not allowed" in str(failure.value)
    assert inventory(client) == before


def _refusal(engine: Engine, client: Client, project: Project) -> str:
    """The one error line of an `up` that must create nothing."""
    before = inventory(client)
    stack = engine.create_stack(project, program.run)
    with pytest.raises(EngineFailed) as failure:
        stack.up()
    assert inventory(client) == before
    text = str(failure.value)
    assert "Traceback" not in text
    errors = {
        line.strip().removeprefix("error: ").removeprefix(_REPEATED)
        for line in text.splitlines()
        if line.strip().startswith("error:")
    }
    assert len(errors) == 1, text
    return errors.pop()
