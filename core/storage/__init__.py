"""What is stored for everybody together: how much may be, what nothing points to, what is old."""
