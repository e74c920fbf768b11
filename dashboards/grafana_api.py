"""The part of Grafana's HTTP API that saves boards in a folder (Grafana docs, "HTTP API")."""

import json
from collections.abc import Iterable
from typing import Any

import requests

from dashboards.cli_text import cause, one_line

TIMEOUT_SECONDS = 15.0
_SHOWN = 300


class GrafanaError(Exception):
    """Grafana refused a request or cannot be reached; one line with its response."""


class _Bearer(requests.auth.AuthBase):
    """The token; given as authentication so that no .netrc can replace it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Grafana:
    """A client of one Grafana, with one token."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._http = requests.Session()
        self._http.auth = _Bearer(token)

    def __repr__(self) -> str:
        return f"Grafana({self._url})"

    def send(self, boards: Iterable[str], folder: str) -> int:
        """Save boards in the folder, created if missing; returns how many. Raises GrafanaError.

        A board of the same uid is replaced. Boards are sent one by one: the error names the board
        and how many had been saved.
        """
        folder_uid = self._folder(folder)
        sent = 0
        for text in boards:
            board = {**json.loads(text), "id": None}
            wanted = {"dashboard": board, "folderUid": folder_uid, "overwrite": True}
            try:
                self._request("POST", "/api/dashboards/db", wanted)
            except GrafanaError as refused:
                uid = board["uid"]
                raise GrafanaError(f"{refused} (board {uid}; saved before: {sent})") from refused
            sent += 1
        return sent

    def _folder(self, title: str) -> str:
        """The uid of the top-level folder with this title, created if missing."""
        path = "/api/folders"
        found = self._request("GET", f"{path}?limit=1000")
        try:
            uids = [str(each["uid"]) for each in found if each["title"] == title]
            return uids[0] if uids else str(self._request("POST", path, {"title": title})["uid"])
        except (KeyError, TypeError) as error:
            raise GrafanaError(f"{self._url}{path}: not Grafana's API: {found}"[:300]) from error

    def _request(self, verb: str, path: str, body: object = None) -> Any:
        """The JSON of a response; a redirect is an error: it leads to a login page."""
        request = f"{verb} {self._url}{path}"
        try:
            response = self._http.request(
                verb, self._url + path, json=body, timeout=TIMEOUT_SECONDS, allow_redirects=False
            )
        except requests.RequestException as error:
            raise GrafanaError(f"{request}: no response: {_cut(cause(error))}") from error
        if response.status_code != requests.codes.ok:
            raise GrafanaError(f"{request}: HTTP {response.status_code}: {_reason(response)}")
        try:
            return response.json()
        except (ValueError, RecursionError) as error:
            raise GrafanaError(f"{request}: not Grafana's API: {_cut(response.text)}") from error


def _reason(response: requests.Response) -> str:
    """Grafana's message, the target of a redirect, or the body."""
    if response.is_redirect:
        return f"redirected to {response.headers['Location']}"
    try:
        body = response.json()
    except ValueError:
        return _cut(response.text)
    return _cut(str(body.get("message", body)) if isinstance(body, dict) else str(body))


def _cut(text: str) -> str:
    """The beginning of a response, or that it is empty."""
    return one_line(text)[:_SHOWN] or "empty response"
