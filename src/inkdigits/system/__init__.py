"""The operating system: atomic writes, locks, cores, processes, signals. Nothing here knows about digits."""
