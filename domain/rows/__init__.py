"""The parts of a result row that need no statistics library, one file a part.

`measured` is always what counts: the finished requests of one row without its warm-up.
"""
