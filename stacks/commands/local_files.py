"""What is kept in `.kube/`, which git ignores: a cluster of our own, and how to reach it.

`config` is the kubeconfig of the kind cluster, `state` Pulumi's state and `passphrase` that of the
stack file's secrets, unless the user has a backend and a passphrase already.
"""

import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from stacks.commands.stack_file import StackFile

PASSPHRASE = "PULUMI_CONFIG_PASSPHRASE"
_PASSPHRASE_FILE = "PULUMI_CONFIG_PASSPHRASE_FILE"
_BACKEND = "PULUMI_BACKEND_URL"
KUBECONFIG = "KUBECONFIG"


class LocalFiles:
    """The folder `.kube` of a checkout."""

    def __init__(self, root: Path) -> None:
        self.folder = root / ".kube"
        self.kubeconfig = self.folder / "config"
        self.env = self.folder / "env"
        self._state = self.folder / "state"
        self._passphrase = self.folder / "passphrase"

    def create(self) -> None:
        """Make the folder, for this user only."""
        self.folder.mkdir(mode=0o700, exist_ok=True)

    def create_state(self) -> None:
        """Make a backend of Pulumi's."""
        self.create()
        self._state.mkdir(exist_ok=True)

    def create_passphrase(self) -> None:
        """Make a passphrase, unless there is one."""
        self.create()
        if not self._passphrase.exists():
            self._passphrase.touch(mode=0o600)
            self._passphrase.write_text(secrets.token_urlsafe(24) + "\n", encoding="utf-8")

    @property
    def has_state(self) -> bool:
        """Whether the state of the stacks is here."""
        return self._state.is_dir()

    def variables(self, environ: Mapping[str, str], file: StackFile) -> dict[str, str]:
        """Variables to add to `environ`; none if the user names another cluster."""
        chosen = environ.get(KUBECONFIG) or str(self.kubeconfig)
        if file.names_cluster or chosen != str(self.kubeconfig) or not self.kubeconfig.exists():
            return {}
        found = {KUBECONFIG: chosen}
        if self.has_state and not environ.get(_BACKEND):
            found[_BACKEND] = f"file://{self._state}"
        if self._passphrase.exists() and not has_passphrase(environ):
            found[_PASSPHRASE_FILE] = str(self._passphrase)
        return found

    def write_env(self, variables: Mapping[str, str]) -> None:
        """Write a file that a shell can source, for the user's own kubectl and pulumi."""
        lines = [f"export {name}='{value}'\n" for name, value in variables.items()]
        self.env.write_text("".join(lines), encoding="utf-8")

    def remove_state(self) -> None:
        """Forget what was deployed to a cluster that is gone."""
        shutil.rmtree(self._state, ignore_errors=True)

    def remove_cluster(self) -> None:
        """Forget the cluster and the state of its stacks; the stack file needs its passphrase."""
        for path in (self.kubeconfig, self.env):
            path.unlink(missing_ok=True)
        self.remove_state()
        if self.folder.is_dir() and not any(self.folder.iterdir()):
            self.folder.rmdir()


def has_passphrase(environ: Mapping[str, str]) -> bool:
    """Whether the user chose a passphrase, which may be empty."""
    return any(name in environ for name in (PASSPHRASE, _PASSPHRASE_FILE))


def root_of_checkout() -> Path:
    """The folder with Pulumi.yaml."""
    return Path(os.path.abspath(__file__)).parents[2]
