"""What a framework puts off until the first request, loaded before the app is said to serve.

Otherwise a mistake in it would be a page that answers 500 long after the restart was told to have succeeded, and the
first request would wait for what a restart is for. Knows Django, which imports its URLconf, and with it all views, when
the first path is resolved; its own `runserver` does so at the start, by its checks.
"""

from __future__ import annotations

import sys


def load_deferred() -> None:
    """Load the root URLconf if the app has set Django up to answer requests.

    Raises:
        Exception: whatever the user's code raises.
    """
    if "django.core.handlers.base" not in sys.modules:
        return
    # What serves may be wrapped in something else, so Django's own state is looked at and not the app.
    settings = sys.modules["django.conf"].settings
    if settings.configured and hasattr(settings, "ROOT_URLCONF"):
        sys.modules["django.urls"].get_resolver().url_patterns  # noqa: B018 - it is the access that imports
