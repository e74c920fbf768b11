"""Faults of a stack on a cluster, by the Kubernetes API alone.

`state` is the ConfigMap with those that are on; `proxies` lets the proxies take them at once,
`parts` stops or slows the parts of the pipeline and restores them, by patches of which those for
running pods are in `throttle`; `marks` shows that on the boards, `place` is what `lab.fault` uses
of it.
"""
