"""Measuring, kept out of relaying: catalogue -> ledger -> projection -> {exposition, otlp}.

The catalogue says what exists, the ledger counts it once per call, and both roads out
(`/metrics` and OTLP) are written from one projection of that ledger, so they cannot disagree.
Beside it, sampled exchanges: trace_context -> sampling -> tracing -> spans. What is pushed is
joined from encoded fields (`protobuf`) and leaves so: export -> push -> delivery -> {otlp_http,
otlp_grpc}, as `settings` says.
"""
