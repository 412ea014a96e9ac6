"""Words, order and what is enabled, in plain Python without Qt."""
