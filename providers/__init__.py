"""LLM wire protocols, one file each, and the simulator. No load, no storage, no clock."""
