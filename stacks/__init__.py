"""What is deployed on a cluster, and how it is wired.

Pulumi.<stack>.yaml -> config -> plan -> Pulumi resources. Everything up to the plan is pure. The
plan is plain values, so `observability.py` performs it with Pulumi and the lab performs it with
local processes. Only `observability.py`, `pulumi_config.py` and `components/` import pulumi.
"""
