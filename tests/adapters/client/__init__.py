"""Tests of the client, against the real web server."""
