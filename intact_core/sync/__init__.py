"""Operations, merging, digests and messages of the sync protocol."""
