"""A Kubernetes node of one machine, in namespaces of its own, and the stack on it.

machine.py     what this machine lacks for it
supervisor.py  starts it, and ends it and what is left of it when its owner is gone
inside.py      its first process: starts the others
settings.py    addresses, flags and configuration files: pure
certificates.py, images.py, proxy_image.py, component_images.py   what it needs made
charts/        workloads for the stand-in charts of tests/e2e, from the planned values
stack.py       the stack's configuration, what it finds on the cluster, and calls of its servers
"""
