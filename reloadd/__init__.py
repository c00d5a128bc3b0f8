"""reloadd: runs apps from TOML profiles and restarts each one when its files change. Imports nothing."""

__version__ = "0.1.0"
