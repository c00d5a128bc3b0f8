"""The first lines that run in a child: `PYTHON boot.py WIRE_FD [NAME]`. Loads the rest, and is then out of the way.

NAME is for who reads a list of processes, and for nobody else; the program does not see it.

The package is loaded as `_reloadd_runtime` and without its parent, so `sys.path` never has to name a directory of ours.
"""

import sys

if not (sys.flags.isolated or getattr(sys.flags, "safe_path", False)):
    # This file's own directory, which the interpreter put there for the script that it takes us for.
    del sys.path[0]

_runtime = type(sys)("_reloadd_runtime")
_runtime.__path__ = [__file__.rpartition("/")[0]]
sys.modules["_reloadd_runtime"] = _runtime

__import__("_reloadd_runtime.child")
_runtime.child.main(int(sys.argv[1]))
