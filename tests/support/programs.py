"""Programs that tests need and that a machine may lack. Only what no package index of Python has is optional."""

from __future__ import annotations

import os
import shutil

import pytest

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed")
needs_zsh = pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
needs_fish = pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
needs_bindfs = pytest.mark.skipif(
    shutil.which("bindfs") is None or os.geteuid() != 0, reason="bindfs is not installed, or may not mount"
)
