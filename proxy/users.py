"""The users of this machine as which a server's process can run."""

import pwd
from typing import NamedTuple


class User(NamedTuple):
    """The user of a process."""

    name: str
    group_id: int
    user_id: int
    home: str


def user(text: str) -> User:
    """A user by name or by number. Raises ValueError if there is no such user."""
    try:
        found = pwd.getpwuid(int(text)) if text.isascii() and text.isdigit() else pwd.getpwnam(text)
    except (KeyError, OverflowError) as error:
        raise ValueError("use the name or the number of a user of this machine") from error
    return User(found.pw_name, found.pw_gid, found.pw_uid, found.pw_dir)
