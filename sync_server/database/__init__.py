"""Engine, tenancy, session hook, migrations."""
