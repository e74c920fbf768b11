"""What is wrong with the user's own token, as far as it says itself."""

import time

import jwt


def problem_of(token: str) -> str:
    """Why a JSON Web Token is not valid now; "" if it is, or is not one.

    Its signature is not verified (RFC 7519, sections 4.1.4 and 4.1.5: `exp` and `nbf`).
    """
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError:
        return ""
    now = time.time()
    expires, begins = (_number(claims.get(each)) for each in ("exp", "nbf"))
    if expires is not None and expires < now:
        return f"the token expired {now - expires:.0f} s ago"
    if begins is not None and begins > now:
        return f"the token is valid in {begins - now:.0f} s only"
    return ""


def _number(claim: object) -> float | None:
    return float(claim) if isinstance(claim, int | float) else None
