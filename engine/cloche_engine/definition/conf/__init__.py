"""Text formats of `key = value` lines: entries with places, findings, values that both have."""
