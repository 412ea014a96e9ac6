"""Root trees that containers are made from."""
