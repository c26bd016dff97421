from __future__ import annotations

import pytest
import torch
from torch import nn

from tune_dml.models.dropout import QuickDropout, quick_dropout, use_quick_dropout

ROWS, COLUMNS = 401, 97


def dropped(p: float, dtype: torch.dtype = torch.float32, seed: int = 0) -> torch.Tensor:
    torch.manual_seed(seed)
    return quick_dropout(torch.ones(ROWS, COLUMNS, dtype=dtype), p)


@pytest.mark.parametrize("p", [1e-4, 0.03, 0.1, 0.5, 0.9, 0.9999])
def test_as_many_are_zero_as_p_says_and_the_mean_stays(p: float) -> None:
    got = dropped(p)
    share = float((got == 0).float().mean())
    # Four standard errors, and the rounding of p.
    assert abs(share - p) < 4 * (p * (1 - p) / got.numel()) ** 0.5 + 1e-5
    left = got[got != 0]
    assert torch.allclose(left, torch.tensor(1 / (1 - p)), rtol=1e-4 + 1e-5 / (1 - p))


@pytest.mark.parametrize("along", [0, 1])
def test_no_row_or_column_is_dropped_more_than_others(along: int) -> None:
    zeros = (dropped(0.1) == 0).double().mean(along)
    expected = (0.1 * 0.9 / (ROWS, COLUMNS)[along]) ** 0.5
    assert abs(float(zeros.std()) / expected - 1) < 0.25


def test_neighbours_are_dropped_independently() -> None:
    zeros = (dropped(0.5) == 0).double().flatten()
    for lag in (1, 2, 3, 4, 8, COLUMNS):
        pairs = torch.stack([zeros[:-lag], zeros[lag:]])
        assert abs(float(torch.corrcoef(pairs)[0, 1])) < 4 / zeros.numel() ** 0.5


def test_seeds_repeat_what_is_drawn_and_calls_do_not() -> None:
    assert torch.equal(dropped(0.1), dropped(0.1))
    assert torch.equal(dropped(0.1) == 0, dropped(0.1, torch.bfloat16) == 0)
    assert not torch.equal(dropped(0.1), dropped(0.1, seed=1))
    states = torch.ones(10, 10)
    before = torch.get_rng_state()
    first, second = quick_dropout(states, 0.5), quick_dropout(states, 0.5)
    assert not torch.equal(first, second)
    torch.set_rng_state(before)
    assert torch.equal(quick_dropout(states, 0.5), first)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_gradients_pass_where_states_do(dtype: torch.dtype) -> None:
    states = torch.ones(30, 20, dtype=dtype, requires_grad=True)
    out = quick_dropout(states, 0.3)
    out.sum().backward()
    assert out.dtype == dtype
    assert torch.equal(states.grad, out.detach())  # of ones, what is passed on is the factor itself


@pytest.mark.parametrize(("p", "expected"), [(0.0, 1.0), (1.0, 0.0)])
def test_nothing_and_all(p: float, expected: float) -> None:
    assert bool((quick_dropout(torch.ones(5, 5), p) == expected).all())


def test_an_empty_tensor_stays_one() -> None:
    assert quick_dropout(torch.ones(0, 4), 0.5).shape == (0, 4)


def test_it_takes_the_place_of_pytorchs() -> None:
    class Own(nn.Dropout):
        pass

    model = nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.2), nn.Sequential(nn.Dropout(0.3)), Own(0.4))
    use_quick_dropout(model)
    kinds = [type(m) for m in model.modules() if isinstance(m, nn.Dropout)]
    assert kinds == [QuickDropout, QuickDropout, Own]
    assert [m.p for m in model.modules() if isinstance(m, nn.Dropout)] == [0.2, 0.3, 0.4]
    states = torch.randn(4, 3)
    assert torch.equal(model.eval()[1](states), states)
    assert not torch.equal(model.train()[1](torch.ones(40, 30)), torch.ones(40, 30))
