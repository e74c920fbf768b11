"""The client by its User-Agent: the product named first."""

import pytest

from proxy.http.user_agent import product


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("claude-code/2.1.0 (cli)", ("claude-code", "2.1.0")),
        ("python-httpx/0.28.1", ("python-httpx", "0.28.1")),
        ("node", ("node", "")),
        ("Mozilla/5.0 (X11; Linux x86_64) Gecko/2010", ("Mozilla", "5.0")),
        ("(comment only)", ("unknown", "")),
        ("", ("unknown", "")),
        ("é/1", ("unknown", "")),
    ],
)
def test_the_first_product_is_the_client(header: str, found: tuple[str, str]) -> None:
    assert product(header) == found
