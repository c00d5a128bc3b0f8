import os
import threading
import time

GREETING = "one"


def app(environ, start_response):
    answer = {"/": greet, "/threads": threads, "/meet": meet, "/scheme": lambda: environ["wsgi.url_scheme"]}
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [answer[environ["PATH_INFO"]]().encode()]


def greet():
    return GREETING


def threads():
    return " ".join(sorted(thread.name for thread in threading.enumerate()))


def meet():
    """Blocks until another process has come here too."""
    os.makedirs("met", exist_ok=True)
    open(os.path.join("met", str(os.getpid())), "w").close()
    while len(os.listdir("met")) < 2:
        time.sleep(0.01)
    return str(os.getpid())
