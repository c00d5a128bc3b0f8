"""An API of prices, made by a factory."""

from fastapi import FastAPI

PRICES = {"apple": 30, "pear": 45}


def create_app() -> FastAPI:
    """Make the app."""
    app = FastAPI()

    @app.get("/prices/{name}")
    async def price(name: str) -> dict[str, int]:
        return {"cents": PRICES.get(name, 0)}

    return app
