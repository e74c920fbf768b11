"""Follows one marked call through a pipeline and names the first hop that lost it.

`options` says where the hops are, `hops` checks them in order, `call` sends the call.
"""
