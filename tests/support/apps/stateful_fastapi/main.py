import process_state
from fastapi import FastAPI
from sqlalchemy.orm import configure_mappers

import models
import routes

app = FastAPI(title="shop")
app.include_router(routes.router)


@app.get("/state")
def state():
    configure_mappers()
    return {
        "routes": [(type(route).__name__, getattr(route, "path", None)) for route in app.routes],
        "schema": app.openapi(),
        "tables": {
            name: [str(column) + str(column.type) for column in table.columns]
            for name, table in models.Base.metadata.tables.items()
        },
        "mappers": sorted(mapper.class_.__name__ for mapper in models.Base.registry.mappers),
        "process": process_state.describe(),
    }
