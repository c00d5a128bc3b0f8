"""Programs that tests need and that a machine may lack. Only what no package index of Python has is optional."""

from __future__ import annotations

import shutil

import pytest

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed")
