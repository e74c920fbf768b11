"""Pages of the pipeline's programs, which may not respond."""

import requests

from lab.prometheus_api import TIMEOUT_SECONDS


def read_page(url: str, *, of_any_status: bool = False, seconds: float = TIMEOUT_SECONDS) -> str:
    """The text at a URL; "" without a response, or with one of an error status."""
    response = _request("GET", url, seconds)
    if response is None or not (response.ok or of_any_status):
        return ""
    return response.text


def post(url: str) -> bool:
    """Whether a POST without a body succeeds."""
    response = _request("POST", url, TIMEOUT_SECONDS)
    return response is not None and response.ok


def _request(method: str, url: str, seconds: float) -> requests.Response | None:
    with requests.Session() as http:
        http.trust_env = False
        try:
            return http.request(method, url, timeout=seconds)
        except requests.RequestException:
            return None
