"""The switchboard: settings, wiring and command line; the only package that names port and adapter together."""
