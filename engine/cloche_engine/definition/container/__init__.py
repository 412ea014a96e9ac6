"""What stands in `<container>`, in every revision: read, checked, written."""
