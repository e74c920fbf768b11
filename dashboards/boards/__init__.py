"""One page per file, each a literal list of signals in forms, ending in BOARD."""
