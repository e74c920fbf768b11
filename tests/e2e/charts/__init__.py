"""Stand-ins for the five charts: what the wiring needs of them, and a record of their values.

Each folder has the templates of one chart, written for these tests; `folder` adds the version that
the profile pins, the custom resource definitions, and a ConfigMap with the values the release got.
"""
