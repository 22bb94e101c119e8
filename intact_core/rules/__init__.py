"""Pure rules of the field, called by the session hook on both ends."""
