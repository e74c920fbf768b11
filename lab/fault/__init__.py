"""The command that switches faults on and off, in a running demo or on a cluster."""
