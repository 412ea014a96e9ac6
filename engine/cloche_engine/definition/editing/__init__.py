"""Changes of single fields: each touches only the node behind it."""
