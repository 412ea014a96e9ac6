"""What is wrong with a document, and how it is mended."""
