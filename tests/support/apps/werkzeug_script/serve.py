from werkzeug.serving import run_simple
from werkzeug.wrappers import Request, Response

GREETING = "one"


@Request.application
def application(request):
    return Response(GREETING)


if __name__ == "__main__":
    run_simple("localhost", 4000, application, use_reloader=True)
