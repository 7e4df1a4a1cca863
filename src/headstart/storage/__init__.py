"""The only code that writes what must last: the home folder, atomic writes, locks, checked downloads."""
