"""The examination of a stack on a cluster."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace

from lab.doctor.cluster.causes import Cause, cause_of, client_causes
from lab.doctor.cluster.facts import Facts, is_ready
from lab.doctor.cluster.find_stack import ClusterStack
from lab.doctor.cluster.port_forward import PortForwards
from lab.doctor.cluster.reach import Reach, running_proxy
from lab.doctor.finding import Finding, examine
from lab.doctor.hops import CLIENT_TO_PROXY
from stacks.cluster_api import Unreachable


def examine_on(
    stack: ClusterStack,
    token: str,
    wait: float | None,
    on_wait: Callable[[str, str], None] = lambda hop, text: None,
) -> Iterator[Finding]:
    """The finding of each hop up to the first that lost the call.

    `on_wait` gets the name of a hop that takes long, what it waits for, and what may keep it.
    """
    try:
        facts = Facts(stack)
        pod = running_proxy(facts)
        if pod is None or is_ready(pod):
            # A pod that is not ready is called all the same, which shows why.
            cause = next(client_causes(facts), None)
            if pod is None and cause is None:
                cause = "no pod of the proxy runs", f"run {stack.deploy}"
            if cause:
                yield Finding(CLIENT_TO_PROXY, *cause)
                return
        assert pod is not None
        with PortForwards(stack.access) as forwards:
            reach = Reach(facts, forwards)

            def report(hop: str, text: str) -> None:
                on_wait(hop, f"{reach.named(text)}{_suspicion(hop, stack)}")

            for each in examine(reach.hops(pod, token, wait), report):
                yield _explained(each, stack, reach)
    except Unreachable as error:
        yield Finding("the Kubernetes API", str(error), _RIGHTS)


def _explained(finding: Finding, stack: ClusterStack, reach: Reach) -> Finding:
    """The finding with the names of the cluster and, where the call was lost, with the cause."""
    named = replace(finding, saw=reach.named(finding.saw), fix=reach.named(finding.fix))
    if not finding.is_lost:
        return named
    error = reach.error()
    if reach.is_forbidden:
        return Finding(named.hop, error, _RIGHTS)
    saw = "; ".join(filter(None, (named.saw, error)))
    cause: Cause | None = None
    try:
        cause = cause_of(finding.hop, Facts(stack))
    except Unreachable as unread:
        saw = f"{saw}; objects were not read: {unread}"
    if cause is None:
        return replace(named, saw=saw)
    return Finding(named.hop, f"{cause[0]}; {saw}", cause[1])


def _suspicion(hop: str, stack: ClusterStack) -> str:
    """What may keep a call that is not lost yet."""
    cause: Cause | None = None
    with suppress(Unreachable):
        cause = cause_of(hop, Facts(stack))
    return f"; it may not come: {cause[0]}" if cause else ""


_RIGHTS = (
    "let your user get and list the objects of the stack's namespaces and of"
    " monitoring.coreos.com, and get and create pods/portforward and get pods/proxy there"
)
