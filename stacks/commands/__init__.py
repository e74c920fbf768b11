"""`make up`, `make forward` and `make down`: the stack from nothing to open dashboards and back.

They run pulumi, kubectl, kind and docker, which must be on PATH, and decide nothing that the stack
file does not: `pulumi up` deploys the same.
"""
