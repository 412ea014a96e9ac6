"""What may stand in a document, as data: validation, completion and RELAX NG read it."""
