"""The whole controller on a virtual clock, in a simulated world, under seeded faults."""
