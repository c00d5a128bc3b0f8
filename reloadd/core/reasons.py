"""Why the system refused something, in the form of our messages. Pure: the error is somebody else's."""

from __future__ import annotations


def reason_of(error: OSError) -> str:
    """The system's own words in lower case, such as `permission denied`."""
    return (error.strerror or str(error)).lower()
