"""Certificates of completion: issued, signed, printed, checked, renewed, revoked."""
