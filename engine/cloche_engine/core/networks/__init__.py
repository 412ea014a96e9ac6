"""The network that the engine manages itself: addresses, names, and the way out."""
