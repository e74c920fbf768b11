"""The real Pulumi engine, driven by the Automation API with programs that run in this process."""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pulumi import automation

from tests.e2e.waiting import until

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


class Stack:
    """One stack; every operation returns the steps that were not `same`."""

    def __init__(self, stack: automation.Stack, loops: list[asyncio.AbstractEventLoop]) -> None:
        self._stack = stack
        self._loops = loops
        self.transcript: list[str] = []

    def __repr__(self) -> str:
        return f"<Stack {self._stack.name}>"

    def configure(self, key: str, value: str) -> None:
        """Set one plain configuration value."""
        self._stack.set_config(key, automation.ConfigValue(value))

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
        return dict(self._stack.outputs())

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


@dataclass(frozen=True)
class Engine:
    """An installation of Pulumi with a home and a file backend of its own."""

    folder: Path
    environment: Mapping[str, str]
    command: automation.PulumiCommand

    @classmethod
    def install(cls, folder: Path, tools: Mapping[str, Path], kubeconfig: Path) -> Engine:
        """Lay out `folder`: the CLI and the stand-in provider side by side, home, backend."""
        for name in ("bin", "home", "backend", "tmp"):
            (folder / name).mkdir(parents=True)
        (folder / "bin" / "pulumi").symlink_to(tools["pulumi"])
        _write_provider(folder / "bin" / "pulumi-resource-kubernetes", tools["helm"])
        environment = {
            "KUBECONFIG": str(kubeconfig),
            "PULUMI_BACKEND_URL": f"file://{folder / 'backend'}",
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PYTHONWARNINGS": "default",
            "TMPDIR": str(folder / "tmp"),
        }
        return cls(folder, environment, automation.PulumiCommand(root=str(folder)))

    def create_stack(self, project: Project, program: Program) -> Stack:
        """A new stack, in a project folder as a user would have it."""
        folder = self.folder / "projects" / project.stack_name
        folder.mkdir(parents=True)
        (folder / "Pulumi.yaml").write_text(yaml.safe_dump(dict(project.settings)))
        stack_file = folder / project.settings.get("stackConfigDir", ".")
        stack_file.mkdir(exist_ok=True)
        (stack_file / f"Pulumi.{project.stack_name}.yaml").write_text(
            yaml.safe_dump({"config": dict(project.configuration)})
        )
        loops: list[asyncio.AbstractEventLoop] = []

        def recorded_program() -> None:
            loops.append(asyncio.get_running_loop())
            program()

        stack = automation.create_stack(
            stack_name=project.stack_name,
            project_name=project.settings["name"],
            program=recorded_program,
            opts=automation.LocalWorkspaceOptions(
                work_dir=str(folder),
                pulumi_home=str(self.folder / "home"),
                env_vars=dict(self.environment),
                pulumi_command=self.command,
            ),
        )
        for key, value in project.secrets.items():
            stack.set_config(key, automation.ConfigValue(value, secret=True))
        return Stack(stack, loops)

    def files_with(self, text: str) -> list[Path]:
        """All files of this installation that contain `text`."""
        return [
            path
            for path in self.folder.rglob("*")
            if path.is_file() and not path.is_symlink() and text.encode() in path.read_bytes()
        ]


def _write_provider(path: Path, helm: Path) -> None:
    command = [sys.executable, "-m", "tests.e2e.provider", "--helm", str(helm)]
    path.write_text(
        f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} exec {shlex.join(command)} "$@"\n'
    )
    os.chmod(path, 0o755)


def _close(loop: asyncio.AbstractEventLoop) -> None:
    if loop.is_closed():
        return
    until(lambda: not loop.is_running(), seconds=LOOP_SECONDS)
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
    loop.close()


def _step(event: automation.EngineEvent) -> Step | None:
    """The step that an event announces, unless it changes nothing."""
    if event.resource_pre_event is None:
        return None
    metadata = event.resource_pre_event.metadata
    if metadata.op == automation.OpType.SAME:
        return None
    return Step(metadata.op.value, metadata.type, metadata.urn.rsplit("::", 1)[-1])
