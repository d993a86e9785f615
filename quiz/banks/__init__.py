"""Standards with their clauses, and the banks of items that test them."""
