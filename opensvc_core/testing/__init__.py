"""Tests for drivers: the conformance suite, a node below a folder, and fakes for what can't be provoked."""
