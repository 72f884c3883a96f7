"""Generations: prompts that were bought to be drawn, with LoRAs."""
