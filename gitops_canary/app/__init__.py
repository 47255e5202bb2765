"""Where the ports meet the core: reading, one tick, the schedule, the wiring."""
