"""The real Pulumi engine, driven by the Automation API with programs that run in this process."""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml
from pulumi import automation

from tests.waiting import until

ROOT = Path(__file__).parents[2]
PASSPHRASE = "correct horse battery staple"
LOOP_SECONDS = 10.0

Program = Callable[[], None]


class EngineFailed(Exception):
    """The engine ended with an error; the text is all that it wrote."""


@dataclass(frozen=True, order=True)
class Step:
    """What the engine did, or would do, with one resource."""

    operation: str
    type_token: str
    name: str

    def __str__(self) -> str:
        return f"{self.operation} {self.type_token} {self.name}"


@dataclass(frozen=True)
class Project:
    """What a user has on disk: the project file, and the configuration of one stack."""

    settings: Mapping[str, Any]
    stack_name: str
    configuration: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    """By key or, with a dot, by path."""


class Stack:
    """One stack; every operation returns the steps that were not `same`."""

    def __init__(
        self,
        stack: automation.Stack,
        workspace: _Workspace,
        loops: list[asyncio.AbstractEventLoop],
    ) -> None:
        self._stack = stack
        self._workspace = workspace
        self._loops = loops
        self.transcript: list[str] = []

    def __repr__(self) -> str:
        return f"<Stack {self._stack.name}>"

    def configure(self, key: str, value: str, *, secret: bool = False) -> None:
        """Set one configuration value."""
        self._stack.set_config(key, automation.ConfigValue(value, secret=secret))

    def up(self) -> frozenset[Step]:
        return self._run(self._stack.up, show_secrets=False)

    def preview(self) -> frozenset[Step]:
        return self._run(self._stack.preview)

    def destroy(self) -> frozenset[Step]:
        return self._run(self._stack.destroy, show_secrets=False)

    def refresh(self) -> None:
        self._run(self._stack.refresh, show_secrets=False)

    def state(self) -> dict[str, Any]:
        """The deployment as the backend keeps it: secrets are ciphertext."""
        return dict(self._stack.export_stack().deployment or {})

    def outputs(self) -> dict[str, automation.OutputValue]:
        return dict(self._workspace.asked_outputs(self._stack.name))

    def _run(self, operation: Callable[..., Any], **arguments: Any) -> frozenset[Step]:
        events: list[automation.EngineEvent] = []
        said = len(self.transcript)
        try:
            operation(
                color="never",
                diff=True,
                on_output=self.transcript.append,
                on_error=self.transcript.append,
                on_event=events.append,
                **arguments,
            )
        except automation.CommandError:
            raise EngineFailed("\n".join(self.transcript[said:])) from None
        finally:
            self.transcript.extend(map(repr, events))
            self._end_programs()
        return frozenset(filter(None, map(_step, events)))

    def _end_programs(self) -> None:
        """End what the SDK leaves of a program whose engine went away before it was through."""
        while self._loops:
            _close(self._loops.pop())


class _Workspace(automation.LocalWorkspace):
    """A workspace that does not fetch the outputs after each update: that is two processes more."""

    def stack_outputs(self, stack_name: str) -> automation.OutputMap:
        return {}

    def asked_outputs(self, stack_name: str) -> automation.OutputMap:
        return super().stack_outputs(stack_name)


def install(
    folder: Path, tools: Mapping[str, Path], *, awaiting: bool = False
) -> automation.PulumiCommand:
    """Lay out the CLI and the stand-in provider side by side, where the CLI finds it first."""
    (folder / "bin").mkdir()
    (folder / "bin" / "pulumi").symlink_to(tools["pulumi"])
    _write_provider(folder / "bin" / "pulumi-resource-kubernetes", tools["helm"], awaiting=awaiting)
    return automation.PulumiCommand(root=str(folder))


@dataclass(frozen=True)
class Engine:
    """Pulumi with a home and a file backend of its own, for one cluster."""

    command: automation.PulumiCommand
    folder: Path
    kubeconfig: str
    """Of the variable KUBECONFIG."""

    def create_stack(self, project: Project, program: Program) -> Stack:
        """A new stack, in a project folder as a user would have it."""
        loops: list[asyncio.AbstractEventLoop] = []

        def recorded_program() -> None:
            loops.append(asyncio.get_running_loop())
            program()

        # Programs run in this process, which has none of the engine's variables.
        configuration = {"kubernetes:kubeconfig": self.kubeconfig, **project.configuration}
        project = replace(project, configuration=configuration)
        workspace = _Workspace(
            work_dir=str(_write_project(self.folder / project.stack_name, project)),
            pulumi_home=str(self._folder("home")),
            program=recorded_program,
            env_vars=self._environment(),
            pulumi_command=self.command,
        )
        stack = automation.Stack.create(project.stack_name, workspace)
        for key, value in project.secrets.items():
            stack.set_config(key, automation.ConfigValue(value, secret=True), path="." in key)
        return Stack(stack, workspace, loops)

    def files_with(self, text: str) -> list[Path]:
        """All files of this installation that contain `text`."""
        return [
            path
            for path in self.folder.rglob("*")
            if path.is_file() and not path.is_symlink() and text.encode() in path.read_bytes()
        ]

    def _environment(self) -> dict[str, str]:
        return {
            "KUBECONFIG": self.kubeconfig,
            "PULUMI_BACKEND_URL": f"file://{self._folder('backend')}",
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "TMPDIR": str(self._folder("tmp")),
        }

    def _folder(self, name: str) -> Path:
        path = self.folder / name
        path.mkdir(exist_ok=True)
        return path


def _write_project(folder: Path, project: Project) -> Path:
    stack_files = folder / project.settings.get("stackConfigDir", ".")
    stack_files.mkdir(parents=True)
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump(dict(project.settings)))
    (stack_files / f"Pulumi.{project.stack_name}.yaml").write_text(
        yaml.safe_dump({"config": _without_none(project.configuration)})
    )
    return folder


def _without_none(configuration: Mapping[str, Any]) -> dict[str, Any]:
    return {key: each for key, each in configuration.items() if each is not None}


def _write_provider(path: Path, helm: Path, *, awaiting: bool) -> None:
    command = [sys.executable, "-m", "tests.e2e.provider", "--helm", str(helm)]
    command += ["--await"] if awaiting else []
    path.write_text(
        f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} exec {shlex.join(command)} "$@"\n'
    )
    os.chmod(path, 0o755)


def _close(loop: asyncio.AbstractEventLoop) -> None:
    if loop.is_closed():
        return
    until(lambda: not loop.is_running(), seconds=LOOP_SECONDS)
    for task in asyncio.all_tasks(loop):
        task.cancel()
    # Not run_until_complete: a program that failed may have left a call of `loop.stop` behind.
    while asyncio.all_tasks(loop):
        loop.call_soon(loop.stop)
        loop.run_forever()
    loop.close()


def _step(event: automation.EngineEvent) -> Step | None:
    """The step that an event announces, unless it changes nothing."""
    if event.resource_pre_event is None:
        return None
    metadata = event.resource_pre_event.metadata
    if metadata.op == automation.OpType.SAME:
        return None
    return Step(metadata.op.value, metadata.type, metadata.urn.rsplit("::", 1)[-1])
