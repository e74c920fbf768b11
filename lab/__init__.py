"""The pipeline without a cluster: local processes, load and faults.

The pods of a cluster run as processes on loopback, from the same plan. This package may import all
others; no other imports it, and it is in no image.
"""
