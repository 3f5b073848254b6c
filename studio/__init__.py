"""The composition root: settings, start and stop, command line, logs."""
