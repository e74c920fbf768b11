"""Checks of a running pipeline: every call is counted and traced, every query has data.

`traffic` sends calls; `reconcile` compares what was sent with what was counted and traced;
`check_queries` runs the queries of boards and rules; `locate_loss` finds where series are missing.
"""
