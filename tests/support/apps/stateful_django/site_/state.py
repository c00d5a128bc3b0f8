import gc

import process_state
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.core import checks
from django.dispatch import Signal
from django.http import JsonResponse
from django.urls import get_resolver


def show(request):
    return JsonResponse({"django": describe(), "process": process_state.describe()})


def describe():
    return {
        "apps": [each.label for each in apps.get_app_configs()],
        "models": {
            model._meta.label: sorted(
                (field.name, type(field).__name__, str(getattr(field, "related_model", None)))
                for field in model._meta.get_fields()
            )
            for model in apps.get_models(include_auto_created=True)
        },
        "admin": sorted((model.__name__, type(each).__name__) for model, each in admin.site._registry.items()),
        "urls": [str(pattern) for pattern in get_resolver().url_patterns],
        "signals": sorted(len(each.receivers) for each in gc.get_objects() if isinstance(each, Signal)),
        "checks": sorted(check.__name__ for check in checks.registry.registry.registered_checks),
        "settings": {name: repr(getattr(settings, name)) for name in dir(settings) if name.isupper()},
    }
