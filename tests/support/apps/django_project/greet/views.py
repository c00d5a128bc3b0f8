from django.http import HttpResponse

GREETING = "one"


def greet(request):
    return HttpResponse(GREETING, content_type="text/plain")
