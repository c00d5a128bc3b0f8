import time

GREETING = "one"

while True:
    print(f"{GREETING} at work")
    time.sleep(0.2)
