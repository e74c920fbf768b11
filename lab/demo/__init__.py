"""The whole pipeline as local processes, proved by its numbers; `python -m lab.demo --help`.

`options` checks what was asked, `run` does it: a pipeline per architecture, a result, a table;
`sights` says where to look meanwhile.
"""
