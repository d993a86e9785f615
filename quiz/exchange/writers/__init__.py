"""One module a format: items in, a file out, and a list of what the format cannot hold."""
