"""Amounts of memory in every form that Kubernetes accepts."""

import pytest

from stacks.amounts import mebibytes


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("100Mi", 100),
        ("1.5Gi", 1536),
        ("1Ti", 2**20),
        ("1G", 954),
        ("1048577", 2),
        ("1048576000m", 1),
    ],
)
def test_an_amount_is_mebibytes_rounded_up(amount: str, expected: int) -> None:
    assert mebibytes(amount) == expected
