"""The XML documents: reading, checking and editing them byte by byte."""
