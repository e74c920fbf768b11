"""The boards without Grafana: generated JSON and a running Prometheus become pages for a browser.

`model` reads a board's JSON and `queries` gets its data; `charts` turns a panel into a figure that
plotly draws, `panels` turns it into HTML, and `page` puts all of them where the JSON says. `live`
serves pages, `run` writes them to files.
"""
