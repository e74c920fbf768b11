"""Rows of cells as aligned lines of text. Pure."""

from collections.abc import Sequence


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns as wide as their widest cell; columns of numbers below the first row to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    digits = [all(_is_number(row[at]) for row in rows[1:]) for at in range(len(widths))]
    lines = (
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, digits, strict=True)
        )
        for row in rows
    )
    return [line.rstrip() for line in lines]


def _is_number(cell: str) -> bool:
    return cell[:1].isdigit() or cell == "-"
