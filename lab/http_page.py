"""Pages of the pipeline's programs, which may not respond."""

import requests

from lab.prometheus_api import TIMEOUT_SECONDS


def read_page(url: str, *, of_any_status: bool = False, seconds: float = TIMEOUT_SECONDS) -> str:
    """The text at a URL; "" without a response, or with one of an error status."""
    with requests.Session() as http:
        http.trust_env = False
        try:
            response = http.get(url, timeout=seconds)
        except requests.RequestException:
            return ""
    return response.text if response.ok or of_any_status else ""
