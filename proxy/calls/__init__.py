"""A client's request (`client_request`), and the `recorder` of what its calls came to."""
