"""The conversation: what people can ask for and what they are answered, the same on every platform."""
