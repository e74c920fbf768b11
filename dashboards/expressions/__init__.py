"""What is measured, as PromQL: of calls, tools, proxies, pods and the collector.

Each takes a scope: rules pass RULE, boards SELECTED or another scope of a board.
"""
