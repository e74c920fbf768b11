"""Measure the architectures side by side: the same calls, undisturbed and with outages.

A trial runs every architecture at once, each with its own processes, so that a busy machine
disturbs all of them alike.
"""
