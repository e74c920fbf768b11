"""A stand-in for pulumi-resource-kubernetes, over the SDK's gRPC stubs, independent of the program.

engine -> servicer -> objects   (any kubernetes:* type, by server-side apply)
                   -> releases  (kubernetes:helm.sh/v3:Release, by the helm binary) -> helm
properties are what travels: plain values, with secrets and unknowns marked.

What differs from the real provider, by design: a field that a kind does not have is an error, not a
warning; previews do not ask the API server; a refresh notices what is gone, not what was changed.
Patch and List kinds, invokes and components are refused. Nothing is awaited on creation, since
there is no kubelet that could make a workload ready, so that the tests use it even where the real
one is at hand. On a node, `--await` makes it wait as the real one does for the kinds that our
program makes.
"""
