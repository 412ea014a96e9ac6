"""What may stand at a position of a document, also of one that is not finished."""
