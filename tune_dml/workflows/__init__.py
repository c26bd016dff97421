"""One file per thing a user does, start to end. The command line and the Python API both call these."""
