"""The main window, its pages, forms and dialogs."""
