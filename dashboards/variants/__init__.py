"""Other emitters' series: what the contract's names are called there, and what is missing.

Signals, recordings and alerts are written once, for the series contract. A `LabelSchema` says how
one emitter's series look after one ingestion path; `expression` translates PromQL into it, and what
asks for series that the schema lacks has no translation. `toolhive` holds the schemas of ToolHive's
own proxy without any relabelling of ours, `panels` and `rules` leave out what cannot be asked.
"""
