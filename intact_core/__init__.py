"""What laptop and server must agree on: records, rules, the sync protocol, documents."""
