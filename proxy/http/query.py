"""What a client may add to the query of the server's URL, which the operator set."""

import re
from urllib.parse import unquote_plus

_SEPARATORS = re.compile(rb"[&;]")
"""Some parsers also divide at semicolons."""
_WRITTEN_ALIKE = str.maketrans(". ", "__")


def added(own: bytes, query: bytes) -> bytes:
    """A client's query without the fields that `own`, the operator's, has under any spelling.

    Of fields that are given twice some parsers take the last, and some take names in any case, with
    brackets (`key[]`), or with a dot for an underscore.
    """
    if not own:
        return query
    names = {_name(each) for each in _SEPARATORS.split(own)}
    return b"&".join(each for each in _SEPARATORS.split(query) if _name(each) not in names)


def _name(field: bytes) -> str:
    name = unquote_plus(field.partition(b"=")[0].decode("latin-1"))
    return re.split(r"[\[\0]", name.strip())[0].translate(_WRITTEN_ALIKE).casefold()
