"""Clients of both eras share one cap on the sessions that the proxy keeps at a server."""

from proxy.upstreams.bridge import Bridges
from proxy.upstreams.era_upstream import EraUpstream
from proxy.upstreams.modern_upstream import ModernUpstream
from proxy.upstreams.places import Places
from proxy.upstreams.session_upstream import SessionUpstream
from tests.proxy.network import run
from tests.proxy.ways import GREETED, Legacy, Modern, Scene, Server, Way


def crowded(scene: Scene) -> Way:
    """A stdio server at which one session may be kept."""
    server, places = Server(), Places(1)
    bridged = SessionUpstream(scene.terms(Bridges(server, None)), idle=100.0, places=places)
    modern = ModernUpstream(scene.terms(server), era=None, idle=100.0, places=places)
    return EraUpstream(bridged, modern), server.say


def test_a_session_of_either_era_takes_the_place_of_the_other() -> None:
    async def play(first: type[Modern] | type[Legacy], second: type[Modern] | type[Legacy]) -> None:
        scene = Scene(crowded)
        kept = first(scene).begin()
        await scene.hear(())
        refused = second(scene).begin()
        assert (kept.status, refused.status) == (0, 503)
        assert b"all 1 sessions are taken" in refused.body
        await scene.finish()

    run(play(Modern, Legacy))
    run(play(Legacy, Modern))


def test_a_modern_channel_that_nobody_uses_makes_room() -> None:
    async def play() -> None:
        scene = Scene(crowded)
        done = Modern(scene).begin()
        await scene.hear((GREETED, GREETED))
        assert done.status == 200
        newcomer = Legacy(scene).begin()
        await scene.hear(())
        assert newcomer.status == 0
        await scene.finish()

    run(play())
