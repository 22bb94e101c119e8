"""Rating the items of an audit."""
