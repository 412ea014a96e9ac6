"""What is done outside the container: control groups, links, root trees."""
