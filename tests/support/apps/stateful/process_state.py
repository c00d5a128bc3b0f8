"""What a process is like, apart from its framework: whatever a program could have changed, or find changed."""

import atexit
import gc
import locale
import logging
import os
import signal
import sys
import threading
import warnings


def describe():
    here = os.getcwd()
    return {
        "argv": sys.argv,
        "atexit": atexit._ncallbacks(),
        "directory": here,
        "environ": {name: value for name, value in os.environ.items() if name != "LISTEN_PID"},
        "gc": gc.isenabled(),
        "handlers": sorted(repr(type(handler)) for handler in logging.root.handlers),
        "locale": locale.setlocale(locale.LC_ALL),
        "loggers": sorted(
            (name, logger.level, len(logger.handlers))
            for name, logger in logging.root.manager.loggerDict.items()
            if isinstance(logger, logging.Logger)
        ),
        "main": sorted(sys.modules["__main__"].__dict__),
        "mask": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
        "path": sys.path,
        "signals": sorted((number, repr(type(signal.getsignal(number)))) for number in signal.valid_signals()),
        "threads": sorted(type(thread).__name__ for thread in threading.enumerate()),
        "users modules": sorted(
            name
            for name, module in [*sys.modules.items()]
            if (getattr(module, "__file__", None) or "").startswith(here) and not name.startswith("_reloadd")
        ),
        "warnings": [repr(each) for each in warnings.filters],
    }
