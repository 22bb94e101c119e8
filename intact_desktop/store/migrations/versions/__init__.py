"""The numbered steps, each importing nothing of the product: they stay true to their day."""
