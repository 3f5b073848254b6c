"""The pure heart: states, plans, measures, wire structs, errors. No I/O, no clock."""
