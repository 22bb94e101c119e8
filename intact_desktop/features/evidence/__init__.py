"""Files taken as evidence."""
