"""Reusable widgets that know no containers."""
