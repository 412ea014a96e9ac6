"""The engine of Cloche: containers from XML definitions, by namespaces and control groups."""
