"""Sessions with a server, one per transport; `base` defines their interface.

`stdio` runs a process, which `shared_stdio`, `multiplexer` and `shared_session` share between
sessions. `streamable_http` and `stateless_http` send each message as an `exchange`; `legacy_sse`
posts messages (`post_delivery`) and reads one event stream. `send_queue` keeps messages in order.
"""
