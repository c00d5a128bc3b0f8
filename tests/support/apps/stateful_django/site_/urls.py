from django.contrib import admin
from django.urls import path

from blog import views
from site_ import state

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", views.index),
    path("state", state.show),
]
