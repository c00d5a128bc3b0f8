from flask import Flask

GREETING = "one"

app = Flask(__name__)


@app.get("/")
def greet():
    return GREETING


if __name__ == "__main__":
    app.run(port=4000, debug=True)
