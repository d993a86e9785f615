"""A fictitious Weihai for looking at and trying out: enterprises, principals, programmes and months of attempts, all from one seed."""
