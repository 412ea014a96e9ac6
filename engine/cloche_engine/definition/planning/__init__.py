"""What applying a document would do, told before it is done."""
