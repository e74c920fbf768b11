"""`python -m stacks.commands.down STACK`: end what `make up` made.

The kind cluster of `.kube/` is deleted with all that is in it; from any other cluster the stack is
destroyed, which Pulumi asks about first.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from stacks.commands import stack_file
from stacks.commands.kind import Kind
from stacks.commands.local_files import KUBECONFIG, LocalFiles, root_of_checkout
from stacks.commands.programs import Programs, exit_code


def main(arguments: Sequence[str], environ: Mapping[str, str], root: Path) -> int:
    """End a stack; the exit code."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print(__doc__)
        return 2
    file = stack_file.read(root, arguments[0])
    local = LocalFiles(root)
    programs = Programs(root, {**environ, **local.variables(environ, file)})
    programs.require("pulumi")
    if programs.environ.get(KUBECONFIG) != str(local.kubeconfig):
        programs.run("pulumi", "destroy", "--stack", file.stack)
        return 0
    programs.require("kind")
    Kind(programs).delete(local.kubeconfig)
    if not local.has_state:
        # What it lists went with the cluster.
        remove = ("stack", "rm", "--force", "--yes", "--preserve-config")
        programs.run("pulumi", *remove, "--stack", file.stack)
    local.remove_cluster()
    return 0


if __name__ == "__main__":
    sys.exit(exit_code("down", lambda: main(sys.argv[1:], os.environ, root_of_checkout())))
