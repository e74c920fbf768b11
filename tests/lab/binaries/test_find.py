"""Tools are found on PATH or in the cache, or built."""

import os
import subprocess

import pytest

from lab.binaries.find import ToolMissing
from tests.lab.binaries.machine import Machine


def test_a_binary_on_path_wins_over_the_cache(machine: Machine) -> None:
    machine.put_go()
    cached = machine.ensure("etcd")["etcd"]
    assert machine.find("etcd") == cached
    on_path = machine.put("etcd", "etcd Version: 3.5.0")
    assert machine.find("etcd") == on_path
    assert machine.ensure("etcd") == {"etcd": on_path}


def test_the_folder_of_kubebuilder_assets_wins_over_path(machine: Machine) -> None:
    machine.put("kube-apiserver", "Kubernetes v1.30.0")
    assets = machine.folder / "assets"
    machine.environ["KUBEBUILDER_ASSETS"] = str(assets)
    theirs = machine.put("kube-apiserver", "Kubernetes v1.34.0", into=assets)
    assert machine.find("kube-apiserver") == theirs


def test_a_folder_of_release_binaries_wins_over_path(machine: Machine) -> None:
    machine.put("etcd", "etcd Version: 3.5.0")
    machine.environ["TOOLS_DIR"] = str(machine.folder / "release")
    theirs = machine.put("etcd", "etcd Version: 3.6.0", into=machine.folder / "release")
    assert machine.find("etcd") == theirs


def test_the_first_command_name_wins_wherever_it_is_on_path(machine: Machine) -> None:
    says = "name: transform name: health_check"
    contrib = machine.put("otelcol-contrib", says, into=machine.folder / "later")
    machine.put("otelcol", says)
    machine.environ["PATH"] += f"{os.pathsep}{contrib.parent}"
    assert machine.find("collector") == contrib


def test_an_old_pulumi_on_path_is_skipped_and_reported(machine: Machine) -> None:
    old = machine.put("pulumi", "v3.150.0")
    assert machine.find("pulumi") is None
    assert machine.reported == [f"passing over {old}: it is 3.150.0, older than 3.200"]


def test_a_newer_binary_later_on_path_is_found_behind_an_old_one(machine: Machine) -> None:
    machine.put("prometheus", "prometheus, version 2.42.0+ds (branch: debian/sid)")
    new = machine.put("prometheus", "prometheus, version 3.5.0", into=machine.folder / "later")
    machine.environ["PATH"] += f"{os.pathsep}{new.parent}"
    assert machine.find("prometheus") == new


def test_a_collector_without_the_components_of_the_pipeline_is_skipped(
    machine: Machine,
) -> None:
    core = machine.put("otelcol", "version: 0.155.0 name: health_check")
    assert machine.find("collector") is None
    assert machine.reported == [f"passing over {core}: it lacks transform"]


def test_a_binary_that_does_not_run_is_skipped(machine: Machine) -> None:
    broken = machine.script(machine.bin / "helm", "#!/bin/sh\nexit 1\n")
    assert machine.find("helm") is None
    assert machine.reported == [f"passing over {broken}: it does not answer version --short"]


def test_a_missing_tool_is_built_once_and_then_found(machine: Machine) -> None:
    machine.put_go()
    built = machine.ensure("etcd")["etcd"]
    assert subprocess.check_output([built], text=True) == "etcd Version: 3.6.6\n"
    assert machine.ensure("etcd") == {"etcd": built}
    assert machine.builds() == 1
    started, done = machine.reported
    assert started == "building etcd (about 60 s the first time)"
    assert done.startswith("built etcd in ")


def test_what_several_builds_take_and_how_to_skip_them_is_reported_first(machine: Machine) -> None:
    machine.put_go()
    machine.ensure("etcd", "helm")
    assert machine.reported[0] == (
        "etcd, helm: building each from its Go modules, once, about 4 min in all; to skip this,"
        " put release binaries on PATH or into a folder that TOOLS_DIR names"
    )


def test_without_go_one_line_names_the_tool_and_what_to_install(machine: Machine) -> None:
    with pytest.raises(ToolMissing) as missing:
        machine.ensure("etcd")
    assert str(missing.value) == (
        "etcd: not on KUBEBUILDER_ASSETS or TOOLS_DIR or PATH or in the cache, and there is no Go"
        " 1.24.0 or newer to build it: install Go, or this binary: etcd, on PATH or in the folder"
        " KUBEBUILDER_ASSETS"
    )


def test_without_go_one_line_names_every_missing_tool(machine: Machine) -> None:
    machine.put("helm", "v3.19.0")
    with pytest.raises(ToolMissing) as missing:
        machine.ensure("collector", "helm", "prometheus", "jaeger")
    assert str(missing.value) == (
        "collector, prometheus, jaeger: not on TOOLS_DIR or PATH or in the cache, and there is no"
        " Go 1.25.0 or newer to build them: install Go (builds all), or these binaries:"
        " otelcol-contrib (the contrib distribution of the OpenTelemetry Collector), Prometheus"
        " 3.0 or newer, Jaeger 1.35 or newer (the all-in-one binary)"
    )


def test_a_go_too_old_for_the_module_is_refused_before_it_builds(machine: Machine) -> None:
    machine.put("go", "go1.19.8")
    with pytest.raises(ToolMissing, match=r"no Go 1\.24\.0 or newer \(that on PATH is 1\.19\.8\)"):
        machine.ensure("etcd")
