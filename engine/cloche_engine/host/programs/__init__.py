"""Programs inside containers, looked at from outside after a failure; nothing of them is run."""
