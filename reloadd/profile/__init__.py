"""TOML text in, a `Profile` or all its problems out. Never starts, binds or watches anything."""
