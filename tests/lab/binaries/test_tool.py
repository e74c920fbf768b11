"""The version of a tool, in its output and in its module."""

import re

import pytest

from lab.binaries.catalogue import TOOLS
from lab.binaries.tool import Tool, version_in


@pytest.mark.parametrize(
    ("answer", "version"),
    [
        ("prometheus, version 3.10.0 (branch: , revision: unknown)", (3, 10, 0)),
        ("prometheus, version  (branch: )\n  go version:       go1.26.8", ()),
        ("buildinfo:\n    command: otelcol\n    version: 0.155.0\n", (0, 155, 0)),
        ('{"gitCommit":"","gitVersion":"v1.62.0","buildDate":""}', (1, 62, 0)),
        ("etcd Version: 3.6.6\nGit SHA: Not provided\nGo Version: go1.26.8", (3, 6, 6)),
        ("v3.19.0+g3d8990f", (3, 19, 0)),
        ("3.200.0", (3, 200, 0)),
        ("Kubernetes v1.34.2", (1, 34, 2)),
        ("go1.26.8", (1, 26, 8)),
    ],
)
def test_the_version_is_found_in_the_output_of_each_program(
    answer: str, version: tuple[int, ...]
) -> None:
    assert version_in(answer) == version


@pytest.mark.parametrize("tool", TOOLS.values(), ids=TOOLS)
def test_the_version_stamped_into_a_binary_is_the_one_its_module_pins(tool: Tool) -> None:
    # Prometheus numbers its Go module 0.310.0 where it calls itself 3.10.0.
    pinned = (tool.folder / "go.mod").read_text()
    for stamped in re.findall(r"=v?(\d+\.\d+\.\d+)", tool.ldflags):
        assert {"3.10.0": "v0.310.0"}.get(stamped, f"v{stamped}") in pinned
