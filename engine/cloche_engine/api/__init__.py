"""The contract between the engine and everyone who uses it."""
