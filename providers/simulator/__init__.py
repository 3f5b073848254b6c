"""A real LLM server of our own whose timings are known exactly."""
