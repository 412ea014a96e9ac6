"""The version that every program of this house tells."""

VERSION = "0.1.0"
