from django.urls import path
from greet.views import greet

urlpatterns = [path("", greet)]
