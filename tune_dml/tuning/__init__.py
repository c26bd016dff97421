"""Ray Tune and Optuna: the trial loop, its journal, sampler and schedulers."""
