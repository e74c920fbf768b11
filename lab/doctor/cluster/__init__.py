"""The same examination on a cluster, by the Kubernetes API alone.

`find_stack` says what should be there, `reach` opens its ports, `port_forward` carries them.
Where a hop loses the call, `causes` reads the objects that could explain it, from `objects`:
pods, Services, monitors, and policies as `network_policy` evaluates them.
"""
