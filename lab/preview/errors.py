"""What can be wrong with a preview, each in one line."""


class PreviewError(Exception):
    """The preview cannot be drawn as asked; the text names the value and what is allowed."""


class Unsupported(PreviewError):
    """A board uses something of Grafana's that the preview does not draw."""


def supported(what: str, value: str, *known: str) -> str:
    """The value; raises Unsupported unless it is one of those that are known."""
    if value not in known:
        raise Unsupported(f'{what} "{value}" is not drawn; known: {", ".join(known)}')
    return value
