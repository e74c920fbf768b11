"""JSON as editors let people write it (JSONC): with comments and trailing commas."""

import re

_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*|/\*.*?\*/', re.DOTALL)
_COMMA = re.compile(r'("(?:\\.|[^"\\])*")|,(\s*[}\]])')


def plain_json(text: str) -> str:
    """The text without comments and trailing commas; strings and line numbers stay as they are."""
    plain = _TOKEN.sub(lambda each: each[0] if each[0].startswith('"') else _blank(each[0]), text)
    return _COMMA.sub(lambda each: each[1] or each[2], plain)


def _blank(comment: str) -> str:
    return " " + "\n" * comment.count("\n")
