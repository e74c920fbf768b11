"""The User-Agent header (RFC 9110, section 10.1.5): its first product."""

import re

from ..telemetry.client_info import UNKNOWN_CLIENT, ClientInfo, client_info

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PRODUCT = re.compile(rf"({_TOKEN})(?:/({_TOKEN}))?")


def product(user_agent: str) -> ClientInfo:
    """The first product token and its version; else `UNKNOWN_CLIENT`."""
    found = _PRODUCT.match(user_agent)
    return UNKNOWN_CLIENT if found is None else client_info(found[1], found[2] or "")
