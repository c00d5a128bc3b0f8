"""A console whose daemon was put into the background."""

from __future__ import annotations

from tests.support.processes import running

IN_THE_BACKGROUND = """
import asyncio, os, pty, select, signal, threading
from reloadd.supervise.console import Console
from reloadd.terminal import Writer, is_background, keys_at_once

job_hears, to_job = os.pipe()
shell_hears, to_shell = os.pipe()
test_hears, to_test = os.pipe()

async def work():
    assert is_background(0)
    with keys_at_once(0) as set_again:
        set_again()
        console = Console(Writer(1, 1), screen=1, keyboard=0, colour=False)
        console.name_all(("shop",))
        ends, output = console.prepare()
        console.bring_forward("shop", ends, output)
        os.write(to_shell, b"begun")
        # While something waits at the keyboard the loop turns, and the console could read it.
        os.read(job_hears, 10)
        for _ in range(10):
            await asyncio.sleep(0.001)
        os.write(to_shell, b"left it")
        os.set_blocking(ends.stdin, False)
        typed = b""
        while b"mine" not in typed:
            await asyncio.sleep(0.01)
            try:
                typed += os.read(ends.stdin, 100)
            except BlockingIOError:
                continue
        os.write(to_test, typed)

def job():
    os.setpgid(0, 0)
    asyncio.run(work())
    os._exit(0)

def heard(word):
    # A job that is stopped says nothing.
    if not select.select([shell_hears], [], [], 8)[0] or os.read(shell_hears, 10) != word:
        os._exit(91)

shell, person = pty.fork()
if shell == 0:
    child = os.fork()
    if child == 0:
        job()
    heard(b"begun")
    os.write(to_test, b"type")
    select.select([0], [], [])
    os.write(to_job, b"typed")
    heard(b"left it")
    if os.read(0, 100) != b"ls\\n":
        os._exit(92)
    os.tcsetpgrp(0, child)
    os.write(to_test, b"type")
    _, status = os.waitpid(child, os.WUNTRACED)
    os._exit(93 if os.WIFSTOPPED(status) else os.waitstatus_to_exitcode(status))

def look_on():
    try:
        while os.read(person, 1000):
            pass
    except OSError:
        return

threading.Thread(target=look_on, daemon=True).start()
os.close(to_test)
for line in (b"ls\\n", b"mine\\n"):
    if os.read(test_hears, 4) == b"type":
        os.write(person, line)
_, status = os.waitpid(shell, 0)
print(os.waitstatus_to_exitcode(status), os.read(test_hears, 100), flush=True)
"""
"""A shell in small, with a console as its background job."""


def test_in_the_background_the_keyboard_is_the_shells() -> None:
    """A console in the background is not stopped, takes nothing from the shell, and has the keys again in front."""
    with running(IN_THE_BACKGROUND) as program:
        assert program.said == "0 b'mine\\n'\n"
