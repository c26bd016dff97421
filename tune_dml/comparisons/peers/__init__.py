"""Other tools as arms of a comparison, each in a process of its own: the same draws, labels and test texts."""
