"""How a running daemon is talked to, over a socket of the user's own."""
