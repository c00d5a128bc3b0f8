"""Works off a queue of jobs, and finishes the one at hand when it is told to end."""

import argparse
import itertools
import signal
import threading

JOB = "resize picture"


def main() -> None:
    """Work until SIGTERM comes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pause", type=float, default=1.0, help="seconds between two jobs")
    pause = parser.parse_args().pause
    told_to_end = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: told_to_end.set())
    for number in itertools.count(1):
        print(f"{JOB} {number}")
        if told_to_end.wait(pause):
            break


if __name__ == "__main__":
    main()
