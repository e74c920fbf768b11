"""Faults for a running pipeline, and checks that alerts and boards show them.

`catalogue` lists the faults; `actions` break processes, `clients` misbehave; `fault_test` injects
faults and evaluates the alerts, with the shortened rules of `fast_rules`.
"""
