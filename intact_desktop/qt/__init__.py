"""Lanes, theme and widgets that know no feature."""
