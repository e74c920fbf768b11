"""A running demo in a terminal: its parts, its figures, its last trace; `python -m lab.watch`.

`sources` asks the demo, `snapshot` is what was found, `view` draws it, `screen` shows that.
"""
