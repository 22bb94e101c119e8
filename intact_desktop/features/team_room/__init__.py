"""Working together without a server: the team room and the hand-over file."""
