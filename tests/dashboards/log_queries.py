"""Queries of log panels with values for the board's variables."""

from dashboards.board import CLIENT, CLUSTER, NAMESPACE, SERVER, TOOL


def for_all(query: str) -> str:
    """The query of a log panel where the viewer selected All of everything."""
    for each in (CLUSTER, NAMESPACE, SERVER, TOOL, CLIENT):
        query = query.replace(f"${{{each.name}:regex}}", each.everything)
    return query
