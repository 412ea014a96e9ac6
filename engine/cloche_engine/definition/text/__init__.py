"""The text of a document: bytes, tree with places, splices that touch nothing else."""
