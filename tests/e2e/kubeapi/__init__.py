"""A Kubernetes API server, and how to talk to one.

server      etcd and kube-apiserver as processes of the test
client      one connection: apply, read, list, delete, by API version and kind
discovery   kind -> address, for built-in and custom kinds alike
inventory   everything that is in the API server, as names
namespaces  the part of the namespace controller that the tests need

Nothing here depends on Pulumi or our program.
"""
