"""A second secret that a person can write down: 130 bits, six groups of five signs."""

import hashlib
import secrets

from intact_core.errors import BadInput

_SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1", "U": "V", "-": None, " ": None})
_RANDOM, _CHECK, _GROUP = 26, 4, 5


def new_code() -> str:
    """A new code, shown once and never stored."""
    body = "".join(secrets.choice(_SIGNS) for _ in range(_RANDOM))
    whole = body + _check(body)
    return "-".join(whole[start : start + _GROUP] for start in range(0, len(whole), _GROUP))


def secret_of(code: str) -> bytes:
    """The 32-byte secret of a code as typed; raises BadInput on a typing mistake."""
    whole = "".join(code.upper().split()).translate(_MISREAD)
    body, check = whole[:_RANDOM], whole[_RANDOM:]
    if len(whole) != _RANDOM + _CHECK or check != _check(body):
        raise BadInput(
            "The recovery code has a typing mistake. It has six groups of five letters and "
            "digits; compare it with what was written down when this laptop was set up.",
            title="That is not the recovery code",
        )
    return hashlib.sha256(b"intact/1/recovery\0" + body.encode()).digest()


def _check(body: str) -> str:
    number = int.from_bytes(hashlib.sha256(b"check\0" + body.encode()).digest()[:4], "big")
    return "".join(_SIGNS[number >> 5 * place & 31] for place in range(_CHECK))
