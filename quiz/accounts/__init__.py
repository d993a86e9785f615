"""Sign-in, roles and their reach, first-use activation, and the audit trail."""
