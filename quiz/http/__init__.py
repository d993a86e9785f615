"""What the two HTTP doors share: the running server's parts, cookies, addresses, and refusals as problem+json."""
