"""The passphrase of a stack file's secrets, for commands that Pulumi cannot ask for it."""

import getpass
import sys

from stacks.commands.local_files import PASSPHRASE, has_passphrase
from stacks.commands.programs import Programs, UsageError
from stacks.commands.stack_file import StackFile


def ask_passphrase(programs: Programs, file: StackFile) -> None:
    """Ask for the passphrase once, if the stack has one that no variable holds.

    Raises UsageError if there is no terminal.
    """
    if not file.has_passphrase or has_passphrase(programs.environ):
        return
    if not sys.stdin.isatty():
        raise UsageError("set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE")
    programs.environ[PASSPHRASE] = getpass.getpass("Passphrase of the stack: ")
