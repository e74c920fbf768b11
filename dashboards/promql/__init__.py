"""PromQL as values: label matchers and scopes, series and their labels, expressions over them.

An expression is built once, for series that keep the series contract, and rendered for any label
schema: `str()` gives its text for the contract.
"""
