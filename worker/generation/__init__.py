"""Pictures from prompts: the child that draws stays warm, and its parent's side."""
