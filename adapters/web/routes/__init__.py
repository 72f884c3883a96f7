"""What the API does, a module a noun: each handler asks the studio once and shows the answer."""
