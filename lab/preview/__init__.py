"""The boards without Grafana: generated JSON and a running Prometheus become pages and pictures.

`model` reads a board's JSON, `asking` gets its data, `painters` draw one panel type each on a
`canvas`, `page` (HTML) and `picture` (PNG) put the panels where the JSON says. Only `asking` and
`run` touch the world, so equal data give equal bytes.
"""
