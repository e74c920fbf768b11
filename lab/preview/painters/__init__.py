"""One file per panel type of Grafana: each paints the body of such a panel on a canvas."""
