"""One small process per running container; it owns the pty and outlives the helper."""
