"""Floor 3: one configuration, one split -> scores. No Ray, MLflow or Optuna."""
