"""One configuration, one split -> scores. No Ray, MLflow or Optuna."""
