"""Variants of boards and rules: for the series contract, and for ToolHive's own series.

Signals, recordings and alerts are written once, for the series contract. A `Variant` has the label
schema that their PromQL is rendered for, names and texts of its own. `boards` and `rules` adapt the
templates to it, without what its schema lacks; `toolhive` has the variants of ToolHive's own proxy
without any relabelling of ours.
"""
