"""Use cases of the engine: what happens on define, start, stop and after a crash."""
