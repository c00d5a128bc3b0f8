from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

GREETING = "one"

app = FastAPI()


@app.get("/", response_class=PlainTextResponse)
async def greet():
    return GREETING
