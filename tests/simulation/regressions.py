"""Seeds that once ended badly; `make test` plays them all, always.

A seed's story changes when steps are added, so each fault also has a test that tells its own story
(tests/simulation/test_found.py).
"""

SEEDS: dict[int, str] = {
    53: "an edit of a signed record became a conflict where it should have been refused",
    147: "the same, met by two people's edits",
    246: "the same, after a lost round",
    1546: "what was typed while a round lost the scope went out of sight before its receipt",
    2203: "healing ended before a photo that had just come to the server was fetched",
}
