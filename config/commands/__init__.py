"""Commands of the command line, apart from it so that each one is imported when it is asked for."""
