"""A local Discord over real sockets: its REST API and gateway as far as our bot uses them, and people."""
