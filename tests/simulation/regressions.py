"""Seeds that once ended badly; `make test` plays them all, always.

A seed's story changes when steps are added, so each fault also has a test that tells its own story
(tests/simulation/test_found.py, test_histories.py, test_resuming.py).
"""

SEEDS: dict[int, str] = {
    53: "an edit of a signed record became a conflict where it should have been refused",
    147: "the same, met by two people's edits",
    246: "the same, after a lost round",
    1546: "what was typed while a round lost the scope went out of sight before its receipt",
    2203: "healing ended before a photo that had just come to the server was fetched",
    6980: "a laptop restored without a file that waited failed every round over it",
}
BURNING_SEEDS: dict[int, str] = {
    256: "rows kept from a history that a restore ended let every round fail at a foreign key",
    297: "the check followed an inherited chain further than it was inherited",
    451: "a restored server had lost a photo and no operation: nobody noticed",
    604: "the model knew better than a restored server what a person had seen",
    1176: "the same, behind a newer photo that a copied laptop had sent again",
    1367: "a file that waited was not on the restored laptop",
}
