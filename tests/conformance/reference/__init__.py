"""The server that the official conformance suite asks for, on the official Python SDK.

The suite calls tools, prompts and resources of fixed names and judges what comes back; they are
described in the scenarios of the suite (github modelcontextprotocol/conformance). The same server
speaks 2025-11-25 and older with sessions, and 2026-07-28 without, over streamable HTTP and stdio.

content -> tools, asking, rounds, prompts, resources -> server -> __main__
"""
