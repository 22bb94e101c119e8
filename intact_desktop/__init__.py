"""The auditor's application, complete without a network."""
