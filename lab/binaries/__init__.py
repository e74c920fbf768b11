"""The real binaries that the demo and the tests run: found on PATH, else built into a cache.

`catalogue` lists them, `find` finds them, `build` builds them from the Go modules under `tools/`.
Needs only the standard library, so that `python -m lab.tools` runs before anything is installed.
"""
