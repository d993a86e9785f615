"""One module a format: bytes in, a `Reading` out. They run in a process of their own and touch no database."""
