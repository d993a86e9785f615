"""Start, save, hand in, expire; scoring; the recorder that commits answers in groups."""
