"""A first profile for a project: what lies there, what it most likely is, and the text that says so."""
