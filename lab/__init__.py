"""The pipeline without a cluster: real binaries as local processes, load and faults.

What a cluster runs as pods runs here as processes on loopback, from the same plan. This room may
import every other room; no room imports this one, and an image never contains it.
"""
