"""An audit at a glance: state, team, plan, attendance, what is missing."""
