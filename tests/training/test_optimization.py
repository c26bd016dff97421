from __future__ import annotations

import pytest
from torch import nn

from tune_dml.recipe import SCHEDULES, Configuration
from tune_dml.training.optimization import learning_rate_factor, make_optimizer


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("linear", [1 / 3, 2 / 3, 1.0, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125]),
        ("constant", [1 / 3, 2 / 3] + [1.0] * 8),
        ("cosine", [1 / 3, 2 / 3, 1.0, 0.96194, 0.853553, 0.691342, 0.5, 0.308658, 0.146447, 0.03806]),
    ],
)
def test_factors(schedule: str, expected: list[float]) -> None:
    assert [learning_rate_factor(s, 10, 0.2, schedule) for s in range(10)] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("steps", [1, 2, 7])
@pytest.mark.parametrize("warmup", [0.0, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_every_step_learns_something(schedule: str, warmup: float, steps: int) -> None:
    assert all(0 < learning_rate_factor(s, steps, warmup, schedule) <= 1 for s in range(steps))


def test_every_trained_parameter_is_in_one_group() -> None:
    encoder = nn.Sequential(nn.Linear(3, 3), nn.LayerNorm(3), nn.Linear(3, 3))
    encoder[2].requires_grad_(False)
    head, loss = nn.Linear(3, 2), nn.Bilinear(2, 2, 2)
    config = Configuration(lr=1e-5, head_lr=1e-3, loss_lr=1e-2, weight_decay=0.03)
    optimizer = make_optimizer(config, encoder, [head], loss)
    grouped = [id(p) for group in optimizer.param_groups for p in group["params"]]
    trained = [p for module in (encoder, head, loss) for p in module.parameters() if p.requires_grad]
    assert sorted(grouped) == sorted(id(p) for p in trained)
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            decayed = parameter is encoder[0].weight or any(parameter is p for p in head.parameters())
            assert group["weight_decay"] == (0.03 if decayed else 0.0)
    assert [group["lr"] for group in optimizer.param_groups] == [1e-5, 1e-5, 1e-3, 1e-2]
