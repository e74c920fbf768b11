"""What went wrong, on one line that any terminal can show."""


def one_line(text: str) -> str:
    """The text without line breaks; what would steer a terminal becomes `?`."""
    return "".join(each if each.isprintable() else "?" for each in " ".join(text.split()))


def cause(error: BaseException) -> str:
    """The innermost reason, which is the system's own, such as Connection refused."""
    inner = error.__cause__ or error.__context__
    return one_line(str(error)) if inner is None else cause(inner)
