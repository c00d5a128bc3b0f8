"""Where changes come from: the kernel's events, or looking again and again. Never decides what a change leads to."""
