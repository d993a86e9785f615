"""Banks in from any file a trainer has, and out in every format: each row, paragraph or element is accounted for."""
