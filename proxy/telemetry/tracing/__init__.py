"""Tracing: context in and out, sampling, and the spans of sampled calls."""
