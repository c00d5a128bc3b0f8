"""Pure decisions: no clock, no file descriptor, no asyncio. What happens outside comes in as data and leaves as data."""
