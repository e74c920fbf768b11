"""Faults for a running pipeline, and checks that alerts and boards show them.

`catalogue` lists all, `live` chooses among them. Those that are on stand in a file, which `changes`
writes: the echo servers have those of their answers themselves, and the demo's `injector` performs
the `process_faults`, by `actions`; `export` sends what is on to Prometheus.

A demo that starts with faults has `clients` that show them, or misbehave; `fault_test` evaluates
the alerts, with the shortened rules of `fast_rules`.
"""
