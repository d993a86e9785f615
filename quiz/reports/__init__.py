"""Documents an office signs: what they say (from a snapshot) and how they are set (docx, xlsx, pdf)."""
