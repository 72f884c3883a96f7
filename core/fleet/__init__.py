"""The fleet: which workers there are, what each can take, and the jobs that none of them can."""
