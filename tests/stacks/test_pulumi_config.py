"""The configuration as Pulumi passes it: every value is text, and a mistake ends the program."""

import re

import pulumi
import pytest
import yaml

from stacks.architectures import ARCHITECTURES
from stacks.config import DEFAULTS, KEYS, PASSWORD, PROJECT
from tests.stacks.engine import ROOT, run_program


def test_a_configuration_mistake_ends_the_program_with_one_line() -> None:
    with pytest.raises(pulumi.RunError) as caught:
        run_program({"architecture": "otel-scrap"})
    assert str(caught.value) == (
        "mcp-observability:architecture: 'otel-scrap' is not allowed;"
        " allowed: otel-scrape, otel-remote-write, direct-scrape, hybrid"
    )


def test_an_unknown_key_of_the_project_is_refused_and_foreign_keys_are_not() -> None:
    with pytest.raises(pulumi.RunError, match="architectur: unknown key; did you mean architec"):
        run_program({"architectur": "hybrid"})


def test_text_that_is_not_json_is_shown_as_it_was_given() -> None:
    with pytest.raises(pulumi.RunError) as caught:
        run_program({"servers": "fetch"})
    assert str(caught.value) == (
        "mcp-observability:servers: 'fetch' is not allowed; it must be a list of servers"
    )


def test_the_project_file_declares_every_key_with_the_programs_defaults() -> None:
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))
    declared = {key.removeprefix(f"{PROJECT}:"): each for key, each in project["config"].items()}
    assert tuple(declared) == KEYS
    assert {key: each["default"] for key, each in declared.items() if "default" in each} == DEFAULTS
    assert all(each["description"] for each in declared.values())
    assert declared[PASSWORD]["secret"] is True


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_each_stack_file_is_a_configuration_that_works(architecture: str) -> None:
    path = ROOT / "stacks" / f"Pulumi.{architecture}.yaml"
    config = yaml.safe_load(path.read_text(encoding="utf-8"))["config"]
    given = {key.removeprefix(f"{PROJECT}:"): value for key, value in config.items()}
    assert run_program(given).outputs["architecture"] == architecture


def test_only_one_file_reads_the_configuration_from_pulumi() -> None:
    asking = [
        path.name
        for path in (*(ROOT / "stacks").rglob("*.py"), ROOT / "__main__.py")
        if re.search(r"pulumi\.(Config\(|runtime\.config)", path.read_text(encoding="utf-8"))
    ]
    assert asking == ["pulumi_config.py"]
