"""Data that the product ships: fonts, icons, styles, standards."""
