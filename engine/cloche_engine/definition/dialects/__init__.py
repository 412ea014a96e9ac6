"""How each way of writing a definition is read into a specification."""
