"""Latency at a fixed rate: what a proxy adds to a call that comes when it comes."""

from tests.bench import load, nginx
from tests.bench.load import Answered
from tests.bench.saturation import path_of, started
from tests.bench.subjects import Direct, Nginx, Ours, Site, Subject

RATE = 1000
"""Calls per second."""
_WARM_SECONDS = 1


def measure(subject: Subject, site: Site) -> Answered:
    """One run. Raises Failed if a call failed."""
    match subject:
        case Direct():
            return _paced(site, f"{site.upstream_url}{subject.answer}")
        case Nginx():
            with nginx.reverse_proxy(site.programs, site.folder, site.upstream) as (_, port):
                return _paced(site, f"http://127.0.0.1:{port}{subject.answer}")
        case Ours():
            with started(subject, site) as proxy:
                return _paced(site, f"http://127.0.0.1:{proxy.port}{path_of(subject)}")


def _paced(site: Site, url: str) -> Answered:
    load.paced(site.programs, url, RATE, _WARM_SECONDS)
    return load.paced(site.programs, url, RATE, site.seconds)
