"""What the operating system gives: whole files, locks, cores, processes, interrupts. Nothing here knows digits."""
