"""The edge: HTTP and WebSocket. Translates, decides nothing."""
