"""The one page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

NOTES = ["buy milk", "call Ada"]


def index(request: HttpRequest) -> HttpResponse:
    """All notes."""
    return render(request, "index.html", {"notes": NOTES})
