"""The workshop of docs/workshop.md: its exercises, and the check of each.

`page` reads the text, `checks` says what of an exercise is still missing, `call` sends one MCP call
and follows its trace, `run` is the command.
"""
