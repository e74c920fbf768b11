"""What can be wrong with a preview, each in one line."""


class PreviewError(Exception):
    """The preview cannot be drawn as asked; the text names the value and what is allowed."""


class Unsupported(PreviewError):
    """A board uses something of Grafana's that the preview does not draw."""
