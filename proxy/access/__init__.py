"""Who may call: bearer tokens, fixed ones or JSON Web Tokens, off unless it is asked for.

`bearer` reads the Authorization header and writes the challenge (RFC 6750); `jwts` judges a token
by the issuer's `keys`; `door` stands before the relay and lets in who showed a good one. A token
ends here: the specification forbids to pass it on to the server ("Token Passthrough").
"""
