"""A guest book page: the code and the template are both watched."""

import os

from flask import Flask, render_template

GUESTS = ["Ada", "Grace", "Margaret"]

app = Flask(__name__)


@app.get("/")
def index() -> str:
    """The one page."""
    return render_template("index.html", greeting=os.environ.get("GREETING", "Hello"), guests=GUESTS)
