"""A server whose true times are known, to hold the stopwatch against."""
