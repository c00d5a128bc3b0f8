"""A WSGI app (PEP 3333) of the standard library alone: change the greeting and look again."""

GREETING = "Hello from reloadd"


def app(environ, start_response):
    body = f"{GREETING}: {environ['PATH_INFO']}\n".encode()
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))])
    return [body]
