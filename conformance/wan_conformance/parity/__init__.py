"""What the official SDK puts on the wire for the same calls, held against what the client does."""
