"""Blueprints, papers, and the forms drawn from them."""
