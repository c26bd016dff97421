"""What every loss must do."""

import math

import pytest
import torch
from torch import Tensor, nn

from tune_dml.config import Choice
from tune_dml.errors import ConfigurationError
from tune_dml.losses import LOSSES, LossSpec, check, loss_named
from tune_dml.models.representation import examples
from tune_dml.recipe import Configuration
from tune_dml.training.optimization import make_optimizer

CLASSES, DIMENSION = 3, 8
METRIC = [name for name, spec in LOSSES.items() if spec.build is not None]


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)


def build(name: str, classes: int = CLASSES, **params: float) -> nn.Module:
    spec = LOSSES[name]
    assert spec.build is not None
    return spec.build(classes, DIMENSION, {**spec.defaults, **params})


def batch(n: int = 12) -> tuple[Tensor, Tensor]:
    return torch.randn(n, DIMENSION), torch.arange(n) % CLASSES


@pytest.mark.parametrize("spec", LOSSES.values(), ids=lambda spec: spec.name)
def test_spec_is_complete(spec: LossSpec) -> None:
    assert LOSSES[spec.name] is spec
    assert any(character.isdigit() for character in spec.paper)
    for name, hyperparameter in spec.hyperparameters.items():
        assert hyperparameter.domain.contains(hyperparameter.default), name
        assert hyperparameter.source, name
    assert spec.check(spec.defaults) == []
    assert (spec.logits is not None) <= spec.owns_parameters


BATCHES = {
    "several of each class": batch(12),
    "one class": (torch.randn(4, DIMENSION), torch.zeros(4, dtype=torch.long)),
    "one example": (torch.randn(1, DIMENSION), torch.tensor([2])),
    "no positives": (torch.randn(3, DIMENSION), torch.arange(3)),
    "duplicates": (torch.ones(6, DIMENSION), torch.tensor([0, 0, 1, 1, 2, 2])),
    "zero vectors": (torch.zeros(6, DIMENSION), torch.tensor([0, 0, 1, 1, 2, 2])),
    "opposite vectors": (torch.tensor([[1.0], [-1.0]]).repeat(3, DIMENSION), torch.tensor([0, 0, 1, 1, 2, 2])),
    "long vectors": (1e4 * torch.randn(6, DIMENSION), torch.tensor([0, 0, 1, 1, 2, 2])),
    "many": batch(200),
}


@pytest.mark.parametrize("kind", BATCHES)
@pytest.mark.parametrize("name", METRIC)
def test_value_and_gradient_are_finite(name: str, kind: str) -> None:
    embeddings, labels = BATCHES[kind]
    embeddings = embeddings.clone().requires_grad_()
    module = build(name)
    value = module(embeddings, labels)
    assert value.shape == ()
    assert math.isfinite(value.item())
    if value.requires_grad:
        value.backward()
        for tensor in (embeddings, *module.parameters()):
            assert tensor.grad is None or bool(torch.isfinite(tensor.grad).all())


@pytest.mark.parametrize("name", METRIC)
def test_gradient_reaches_the_embeddings_and_a_step_lowers_the_loss(name: str) -> None:
    embeddings, labels = batch()
    embeddings.requires_grad_()
    module = build(name)
    before = module(embeddings, labels)
    before.backward()
    assert embeddings.grad is not None
    assert embeddings.grad.abs().sum() > 0
    with torch.no_grad():
        after = module(embeddings - 1e-3 * embeddings.grad / embeddings.grad.norm(), labels)
    assert after < before


@pytest.mark.parametrize("name", METRIC)
def test_own_parameters_are_in_the_optimizer_with_their_own_rate_and_move(name: str) -> None:
    embeddings, labels = batch()
    module = build(name)
    spec = LOSSES[name]
    assert (len(list(module.parameters())) > 0) == spec.owns_parameters
    optimizer = make_optimizer(Configuration(loss_lr=0.05), nn.Linear(2, 2), [], module)
    for parameter in module.parameters():
        [group] = [g for g in optimizer.param_groups if any(p is parameter for p in g["params"])]
        assert group["lr"] == 0.05
        assert group["weight_decay"] == 0.0
    before = [p.detach().clone() for p in module.parameters()]
    module(embeddings.requires_grad_(), labels).backward()
    optimizer.step()
    assert all(not torch.equal(a, b) for a, b in zip(before, module.parameters(), strict=True))


@pytest.mark.parametrize("name", [n for n in METRIC if LOSSES[n].needs_positives])
def test_a_batch_without_positives_teaches_nothing(name: str) -> None:
    embeddings = torch.nn.functional.normalize(torch.randn(3, DIMENSION), dim=1).requires_grad_()
    value = build(name)(embeddings, torch.arange(3))
    # N-pairs still penalises the norms.
    assert value.item() == pytest.approx(LOSSES[name].defaults.get("l2", 0.0))


@pytest.mark.parametrize("name", METRIC)
def test_only_losses_that_say_so_need_a_second_class(name: str) -> None:
    embeddings, labels = (
        torch.nn.functional.normalize(torch.randn(4, DIMENSION), dim=1),
        torch.zeros(4, dtype=torch.long),
    )
    embeddings.requires_grad_()
    module, spec = build(name), LOSSES[name]
    l2 = spec.defaults.get("l2", 0.0)
    value = module(embeddings, labels) - l2 * embeddings.square().sum(1).mean()  # type: ignore[operator]
    value.backward()
    assert embeddings.grad is not None
    assert (embeddings.grad.abs().max().item() < 1e-7) == spec.needs_negatives


@pytest.mark.parametrize("name", METRIC)
def test_names_of_classes_do_not_matter(name: str) -> None:
    embeddings, labels = batch()
    module, renamed = build(name), build(name)
    order = torch.tensor([2, 0, 1])
    for parameter, other in zip(module.parameters(), renamed.parameters(), strict=True):
        # Classes lie along the dimension that they divide: [classes], [classes, d], [d, classes * centers].
        axis = next(a for a, size in enumerate(parameter.shape) if size % CLASSES == 0)
        blocks = parameter.detach().unflatten(axis, (CLASSES, -1))
        other.data = blocks.index_select(axis, order.argsort()).flatten(axis, axis + 1)
    assert renamed(embeddings, order[labels]).item() == pytest.approx(module(embeddings, labels).item(), rel=1e-5)


@pytest.mark.parametrize("name", METRIC)
def test_works_on_states_of_bfloat16_with_parameters_in_float32(name: str) -> None:
    module, mask = build(name), torch.ones(12, 5)
    with torch.autocast("cpu", torch.bfloat16):
        hidden = nn.Linear(DIMENSION, DIMENSION)(torch.randn(12, 5, DIMENSION))
    assert hidden.dtype == torch.bfloat16
    value = module(*examples(hidden, mask, torch.arange(12) % CLASSES, "mean"))
    value.backward()
    assert math.isfinite(value.item())
    assert {value.dtype, *(p.dtype for p in module.parameters())} == {torch.float32}


@pytest.mark.parametrize("name", [n for n in METRIC if LOSSES[n].logits is not None])
def test_logits_favour_the_own_class_once_trained(name: str) -> None:
    spec = LOSSES[name]
    assert spec.logits is not None
    embeddings, labels = torch.eye(DIMENSION)[:CLASSES].repeat(4, 1), torch.arange(CLASSES).repeat(4)
    module = build(name)
    optimizer = torch.optim.Adam(module.parameters(), lr=0.05)
    for _ in range(60):
        optimizer.zero_grad()
        module(embeddings, labels).backward()
        optimizer.step()
    logits = spec.logits(module, embeddings)
    assert logits.shape == (len(labels), CLASSES)
    assert torch.equal(logits.argmax(1), labels)


@pytest.mark.parametrize("name", LOSSES)
def test_check_fills_in_defaults(name: str) -> None:
    assert check(Configuration(loss=name)).loss_params == LOSSES[name].defaults


def test_unknown_loss_names_the_nearest() -> None:
    with pytest.raises(ConfigurationError, match="'softripple' is not a loss: did you mean 'softtriple'"):
        loss_named("softripple")


@pytest.mark.parametrize(
    ("loss", "params", "message"),
    [
        ("softtriple", {"gama": 1.0}, "softtriple has no hyperparameter 'gama': did you mean 'gamma'?"),
        ("ce", {"la": 1.0}, "ce has no hyperparameter 'la': it has none."),
        ("softtriple", {"la": "20"}, "softtriple/la must be a number, not '20'."),
        ("softtriple", {"la": True}, "softtriple/la must be a number, not True."),
        ("softtriple", {"centers": 2.5}, "softtriple/centers must be a whole number, not 2.5."),
        ("triplet", {"miner": "soft"}, "triplet/miner is 'soft'; it must be none | semihard | hard."),
    ],
)
def test_check_refuses(loss: str, params: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check(Configuration(loss=loss, loss_params=params))  # type: ignore[arg-type]
    assert str(caught.value) == message


POSITIVE = [
    ("supcon", "temperature"), ("softtriple", "gamma"), ("softtriple", "la"), ("softtriple", "centers"),
    ("proxy_anchor", "alpha"), ("proxy_nca", "scale"), ("npairs", "l2"), ("normalized_softmax", "temperature"),
    ("cosface", "scale"), ("arcface", "scale"), ("subcenter_arcface", "centers"), ("margin", "beta"),
    ("ntxent", "temperature"), ("contrastive", "neg_margin"), ("multi_similarity", "alpha"), ("circle", "gamma"),
    ("lifted_structure", "margin"), ("tuplet_margin", "scale"), ("nca", "scale"),
]  # fmt: skip


@pytest.mark.parametrize("value", [0, -1.0, math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(("loss", "name"), POSITIVE)
def test_what_must_be_positive_is_refused_otherwise(loss: str, name: str, value: float) -> None:
    assert len(LOSSES[loss].check({**LOSSES[loss].defaults, name: value})) == 1
    with pytest.raises(ConfigurationError, match=f"{loss}/{name} "):
        check(Configuration(loss=loss, loss_params={name: value}))


NUMBERS = [
    (n, h) for n, s in LOSSES.items() for h, own in s.hyperparameters.items() if not isinstance(own.domain, Choice)
]


@pytest.mark.parametrize(("loss", "name"), NUMBERS)
def test_no_hyperparameter_may_be_infinite(loss: str, name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{loss}/{name} must be finite"):
        check(Configuration(loss=loss, loss_params={name: math.nan}))


def test_numbers_become_the_kind_the_loss_takes() -> None:
    params = check(Configuration(loss="softtriple", loss_params={"centers": 3.0, "la": 20})).loss_params
    assert isinstance(params["centers"], int)
    assert isinstance(params["la"], float)


def test_problems_come_together() -> None:
    with pytest.raises(ConfigurationError, match=r"softtriple/la is -1.* softtriple/gamma is 0"):
        check(Configuration(loss="softtriple", loss_params={"la": -1, "gamma": 0}))
