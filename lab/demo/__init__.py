"""The pipeline as local processes, checked by its own numbers; `python -m lab.demo --help`."""
