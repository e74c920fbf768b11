"""Functions that create Pulumi resources from planned values."""
