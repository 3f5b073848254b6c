"""Load and stopwatch: shards in, samples out; and the analyst that does the statistics."""
