"""From what a definition means to what a start does; nothing that it says is ignored."""
