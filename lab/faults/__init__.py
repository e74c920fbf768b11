"""Faults that a running pipeline can have, and what boards and alerts must make of each.

`catalogue` names them; `fault` says what one is; `strikes` break processes, `clients` misbehave;
`haste` shortens the alerts' holds, `watch` judges what was seen, `drill` runs it all.
"""
