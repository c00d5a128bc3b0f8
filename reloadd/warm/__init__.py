"""Warm starts, the daemon's side: processes are prepared while the app serves, and are children when one is needed."""
