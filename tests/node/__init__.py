"""A Kubernetes node of one machine, in namespaces of its own, for tests on real pods.

machine.py     what this machine lacks for it
supervisor.py  starts it, and ends it and what is left of it when its owner is gone
inside.py      its first process: starts the others
settings.py    addresses, flags and configuration files: pure
certificates.py, images.py, proxy_image.py   what it needs made
"""
