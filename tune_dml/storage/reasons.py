"""What went wrong with a store, in a few words."""

from __future__ import annotations

_SIGNS = (
    ("NO_SUCH_BUCKET", "there is no such bucket"),
    ("NETWORK_CONNECTION", "no connection"),
    ("ACCESS_DENIED", "access denied; are the credentials in the environment?"),
    ("INVALID_ACCESS_KEY_ID", "it does not know the access key in the environment"),
    ("SIGNATURE_DOES_NOT_MATCH", "the secret key in the environment is wrong"),
    ("PERMISSION_DENIED", "access denied; are the credentials in the environment?"),
    ("UNAVAILABLE", "no connection"),
    ("Could not connect to server", "no connection"),
    ("Couldn't resolve host", "no such host"),
)
_LONGEST = 160


def reason_of(error: Exception) -> str:
    """One short line out of an exception of the system or of Arrow, whose messages may be pages long."""
    text = " ".join(str(getattr(error, "strerror", None) or error).split())
    for sign, words in _SIGNS:
        if sign in text:
            return words
    text = text[:_LONGEST] + "..." if len(text) > _LONGEST else text
    return text or type(error).__name__
