import os
import time

GREETING = "one"


async def app(scope, receive, send):
    if scope["type"] != "http":
        # The lifespan is optional: servers go on without it.
        raise NotImplementedError(scope["type"])
    answer = {"/": greet, "/meet": meet, "/scheme": lambda: scope["scheme"]}
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": answer[scope["path"]]().encode()})


def greet():
    return GREETING


def meet():
    """Blocks the process until another one has come here too."""
    os.makedirs("met", exist_ok=True)
    open(os.path.join("met", str(os.getpid())), "w").close()
    while len(os.listdir("met")) < 2:
        time.sleep(0.01)
    return str(os.getpid())
