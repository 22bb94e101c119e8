"""The written part of an audit, and the recommendation."""
