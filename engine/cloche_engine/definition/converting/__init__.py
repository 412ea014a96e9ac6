"""From dialect to dialect, with a list of all that is lost."""
