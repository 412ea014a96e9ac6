"""What a start needs to know, free of XML: handed from the helper to the monitor as JSON."""
