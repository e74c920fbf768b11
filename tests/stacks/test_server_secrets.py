"""Secret values of servers are in a Secret, and nowhere else; a change restarts the server."""

import json
from typing import Any

import pytest

from stacks.charts import Profile
from tests.stacks.engine import SECRET, SECRET_KIND, as_dict, run, text_outside
from tests.stacks.stack import HTTP, STDIO, TOOLHIVE


@pytest.mark.parametrize("profile", list(Profile))
def test_values_of_servers_that_are_secret_in_the_configuration_stay_secret(profile: str) -> None:
    word = {"fetch": "args", "search": "args", "echo": "command"}
    servers: list[dict[str, Any]] = [
        {**each, "env": {"API_KEY": SECRET}, word[str(each["name"])]: ["run", SECRET]}
        for each in (TOOLHIVE, HTTP, STDIO)
    ]
    done = run("hybrid", profile, ("servers",), servers=servers)
    for request in done.requests.values():
        assert SECRET not in text_outside(as_dict(request.object))
    for server in ("fetch", "search", "echo"):
        secret = as_dict(done.requests[SECRET_KIND, f"secret-{server}-env"].object)
        assert json.dumps(secret["stringData"]).count(SECRET) == 2
    assert SECRET not in json.dumps(done.outputs)


@pytest.mark.parametrize("profile", list(Profile))
def test_a_server_takes_its_secret_variables_from_a_secret_and_restarts_when_they_change(
    profile: str,
) -> None:
    def pods(value: str) -> dict[str, Any]:
        servers = [{**each, "env": {"API_KEY": value}} for each in (TOOLHIVE, HTTP, STDIO)]
        done = run(profile=profile, secret_keys=("servers",), servers=servers)
        deployed = {
            name: done.states["kubernetes:apps/v1:Deployment", f"deployment-{name}"]["spec"]
            for name in ("search", "echo")
        }
        [fetch] = [state for key, state in done.states.items() if key[1] == "mcpserver-fetch"]
        return {**deployed, "fetch": fetch["spec"]}

    before, after = pods("first-value"), pods("second-value")
    for name, template in (
        ("search", "template"),
        ("echo", "template"),
        ("fetch", "podTemplateSpec"),
    ):
        one, other = before[name][template]["metadata"], after[name][template]["metadata"]
        assert one["annotations"] != other["annotations"]
    server = before["search"]["template"]["spec"]["containers"][1]
    names = ["API_KEY", "ARGUMENT_0"]
    assert server["env"][1:] == [
        {"name": name, "valueFrom": {"secretKeyRef": {"name": "search-env", "key": name}}}
        for name in names
    ]
    assert server["args"] == ["$(ARGUMENT_0)"]
    assert before["fetch"]["secrets"] == [
        {"name": "fetch-env", "key": name, "targetEnvName": name} for name in names
    ]
    assert before["fetch"]["args"] == ["$(ARGUMENT_0)"]
    assert "env" not in before["fetch"]
