"""The plan performed with Pulumi: one file per kind of thing, each a function from values."""
