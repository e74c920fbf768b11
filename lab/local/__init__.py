"""The pipeline as local processes: the plan that a cluster gets, with loopback addresses.

`plan` is pure and computes settings and processes from `run_options`; `pipeline` starts them as
children that `processes` owns.
"""
