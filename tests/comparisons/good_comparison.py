"""A comparison's file without a fault."""

GOOD = """
tasks: [bbc, {task: mine, data: my.csv, text_columns: [a, b]}]
shots: [20, full]
draws: 3
encoder: bert-tiny
trials: 4
arms:
  ce: {losses: [ce]}
  both: {losses: "supcon,triplet", trials: 6}
  one: {recipe: {loss: supcon, lr: 1.0e-3, supcon/temperature: 0.2}}
  theirs: {peer: linear_probe}
reference: ce
"""
