"""Many searches that are held against one another: tasks x shots x draws x arms."""
