"""Statistics on samples: exact percentiles, and an interval for everything.

These modules import numpy, which the server process must never load: import them only
from what the analyst process runs.
"""
