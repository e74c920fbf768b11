"""Faults for a running pipeline, and checks that alerts and boards show them.

`catalogue` lists the faults of a fault test, with the alerts that must fire; `actions` break
processes, `clients` misbehave; `fault_test` injects faults and evaluates the alerts, with the
shortened rules of `fast_rules`.

`live` lists the faults that `lab.fault` switches on in a running demo. They stand in a file, which
`changes` writes; the echo servers show those of their answers, and the demo's `injector` performs
the `process_faults`; `export` sends what is on to Prometheus.
"""
