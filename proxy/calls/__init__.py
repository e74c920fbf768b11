"""A client's request (`client_request`), and the `recorder` of call outcomes."""
