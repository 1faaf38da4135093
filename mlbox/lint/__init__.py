"""What is wrong with a Dockerfile or a compose file, told with its place, its reason and its fix."""
