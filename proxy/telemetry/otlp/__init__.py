"""Export by OTLP: pipeline -> exporter -> retry -> {http, grpc}, as `settings` says."""
