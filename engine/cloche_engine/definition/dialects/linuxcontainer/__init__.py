"""Definitions as the RFC wrote them, in every revision, and as Cloche writes them."""
