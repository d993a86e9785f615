"""How documents are set: docx, xlsx, pdf."""
