"""Other emitters' series: what the contract's names are called there, and what is missing.

Signals, recordings and alerts are written once, in the words of the series contract. A `Dialect`
says how one emitter's series look after one road; `expression` translates PromQL into it, and
what asks for series that the dialect lacks has no translation. `toolhive` holds the dialects of
ToolHive's own proxy without any relabelling of ours, `panels` and `rules` leave out what cannot be
asked.
"""
