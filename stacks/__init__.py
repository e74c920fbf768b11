"""What is deployed on a cluster, and how it is wired.

One arrow: Pulumi.<architecture>.yaml -> config -> architecture and profile -> plan -> components
-> exports. Everything up to the plan is pure; the plan is plain values, so that `components/`
performs it with Pulumi and the lab performs the same plan with local processes. Only `reader.py`
and `components/` import pulumi.
"""
