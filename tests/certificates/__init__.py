"""Certificates: issued, signed, checked, replaced, revoked."""
