"""The long proof. Properties take their profile when they are imported: it has no deadline here."""

from hypothesis import settings

settings.register_profile("matrix", deadline=None, derandomize=True, database=None)
settings.load_profile("matrix")
