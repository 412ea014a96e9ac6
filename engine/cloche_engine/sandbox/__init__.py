"""What runs inside the new namespaces, between clone3 and execve."""
