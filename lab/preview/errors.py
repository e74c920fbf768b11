"""What can be wrong with a preview, each told in one line."""


class PreviewError(Exception):
    """The preview cannot be drawn as asked; the text names the thing and what is allowed."""


class Undrawable(PreviewError):
    """A board asks for something that the preview does not draw."""
