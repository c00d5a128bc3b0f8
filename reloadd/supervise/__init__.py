"""Carrying decisions out: sockets, processes, readiness, output. Never decides when a child is started or ended."""
