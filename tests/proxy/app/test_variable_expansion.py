"""References to variables, in the forms of MCP clients' files."""

import pytest

from proxy.app.variable_expansion import expanded

VARIABLES = {"TOKEN": "t", "EMPTY": "", "WITH": "${TOKEN}"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain $TOKEN {TOKEN} ${", "plain $TOKEN {TOKEN} ${"),
        ("Bearer ${TOKEN}", "Bearer t"),
        ("${env:TOKEN}${TOKEN}", "tt"),
        ("${ABSENT:-http://x:-1}", "http://x:-1"),
        ("${EMPTY:-default}${ABSENT:-}", ""),
        ("${WITH}", "${TOKEN}"),
    ],
)
def test_a_reference_is_replaced_by_the_variables_value(text: str, value: str) -> None:
    assert expanded(text, VARIABLES) == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("${ABSENT}", "the variable ABSENT is not set"),
        ("${env:ABSENT}", "the variable ABSENT is not set"),
        ("${input:key}", r"\$\{input:key\} is not known"),
        ("${}", r"\$\{\} is not known"),
    ],
)
def test_what_has_no_value_is_named(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        expanded(text, VARIABLES)
