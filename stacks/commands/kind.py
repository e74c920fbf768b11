"""A cluster of our own by kind, and images in it."""

from pathlib import Path

import yaml

from stacks.commands.programs import Programs
from stacks.commands.stack_file import PROXY_IMAGE, StackFile

CONFIG = "stacks/kind.yaml"


class Kind:
    """The cluster that `stacks/kind.yaml` describes."""

    def __init__(self, programs: Programs) -> None:
        config = yaml.safe_load((programs.folder / CONFIG).read_text(encoding="utf-8"))
        self._name = str(config["name"])
        self._programs = programs

    @property
    def exists(self) -> bool:
        """Whether the cluster is there."""
        names = self._programs.answer("kind", "get", "clusters") or ""
        return self._name in names.split()

    def create(self, kubeconfig: Path) -> None:
        """Create the cluster; its kubeconfig is a file of its own."""
        self._kind("create", "cluster", "--config", CONFIG, "--kubeconfig", str(kubeconfig))

    def export(self, kubeconfig: Path) -> None:
        """Write the kubeconfig of a cluster that exists."""
        self._kind("export", "kubeconfig", "--name", self._name, "--kubeconfig", str(kubeconfig))

    def delete(self, kubeconfig: Path) -> None:
        """Delete the cluster and all that is in it."""
        self._kind("delete", "cluster", "--name", self._name, "--kubeconfig", str(kubeconfig))

    def load_images(self, file: StackFile) -> None:
        """Build the proxy's image, and load it and what else docker has of the stack's images."""
        image = file.proxy_image
        # Any other name is an image that was built and pushed elsewhere.
        if image == PROXY_IMAGE:
            self._programs.run(
                *("docker", "build", "--file", "proxy/Dockerfile", "--tag", image, ".")
            )
        for each in dict.fromkeys((image, *file.images)):
            if self._programs.answer("docker", "image", "inspect", "--format", "{{.Id}}", each):
                self._kind("load", "docker-image", each, "--name", self._name)

    def _kind(self, *arguments: str) -> None:
        self._programs.run("kind", *arguments)
