from collections.abc import Iterator

import pytest

from tests.lab.load.echo import echo


@pytest.fixture(scope="module", params=["json", "sse"])
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    with echo("--answers", request.param) as listening:
        yield listening
