"""Pure decisions: no clock, no file descriptor, no asyncio. What happens outside comes in, and leaves, as data."""
