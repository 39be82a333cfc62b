"""R22 … R27: what the model description says of itself and of the banks."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import require
from .expert_function import ExpertFunction
from .layer import Layer
from .model import Model
from .router import CHOOSES_TOP_K, Router


def check_model(model: Model, expert_counts: Sequence[int]) -> None:
    """`expert_counts` are those of the banks, in order."""
    _check_layers(model, len(expert_counts))
    _check_unknown_values(model)
    for router in model.routers:
        if not router.unknown:
            _check_numbers(router, model.at)
            _check_least_choice(router, model.at)
    for function in model.expert_functions:
        _check_function(function, model.at)
    for layer in model.layers:
        for key, norm in layer.norms.items():
            require(norm.epsilon >= 0, "R25", model.at, norm.epsilon, "at least 0", f"model {layer.path}.{key}.epsilon")
    for layer, expert_count in zip(model.layers, expert_counts, strict=True):
        router = model.routers[layer.router]
        if not router.unknown:
            _check_choice(router, expert_count, model.at)


def _check_layers(model: Model, banks: int) -> None:
    """R22."""
    at = model.at
    require(len(model.layers) == banks, "R22", at, len(model.layers), banks, "layers of the model")
    for position, layer in enumerate(model.layers):
        require(layer.banks >= 1, "R22", at, layer.banks, "at least 1", f"model {layer.path}.banks")
        require(layer.bank == position, "R22", at, layer.bank, position, f"model {layer.path}.bank")
        _check_index(layer.router, len(model.routers), f"{layer.path}.router", at)
        _check_index(layer.expert_function, len(model.expert_functions), f"{layer.path}.expert_function", at)
        _check_sizes(layer, model)


def _check_sizes(layer: Layer, model: Model) -> None:
    _check_positive(layer.hidden_size, f"{layer.path}.hidden_size", model.at)
    _check_positive(layer.output_size, f"{layer.path}.output_size", model.at)
    _check_expert_size(layer.expert_size, layer.expert_function, f"{layer.path}.expert_size", model)
    if layer.shared is not None:
        path = f"{layer.path}.shared"
        _check_shared_bank(layer, model)
        _check_index(layer.shared.expert_function, len(model.expert_functions), f"{path}.expert_function", model.at)
        _check_expert_size(layer.shared.expert_size, layer.shared.expert_function, f"{path}.expert_size", model)


def _check_shared_bank(layer: Layer, model: Model) -> None:
    """Shared experts of another bank: it has some, and they are its own."""
    other = layer.shared.bank if layer.shared is not None else None
    if other is None:
        return
    path = f"{layer.path}.shared.bank"
    _check_index(other, len(model.layers), path, model.at)
    shared = model.layers[other].shared
    require(other != layer.bank and shared is not None and shared.bank is None, "R22", model.at, other,
            "another bank with shared experts of its own", f"model {path}")  # fmt: skip


def _check_expert_size(size: int, function: int, path: str, model: Model) -> None:
    described = model.expert_functions[function]
    if described.unknown:
        require(size >= 0, "R22", model.at, size, "at least 0", f"model {path}")
    elif described.kind == "linear":
        require(size == 0, "R22", model.at, size, "0 for linear experts", f"model {path}")
    else:
        _check_positive(size, path, model.at)


def _check_index(index: int, count: int, path: str, at: int) -> None:
    require(0 <= index < count, "R22", at, index, f"0 ..< {count}", f"model {path}")


def _check_positive(size: int, path: str, at: int) -> None:
    require(size >= 1, "R22", at, size, "at least 1", f"model {path}")


def _check_unknown_values(model: Model) -> None:
    """R26, and R27 for schemes."""
    descriptions: list[Router | ExpertFunction] = [*model.routers, *model.expert_functions]
    for description in descriptions:
        if description.required:
            require(not description.unknown, "R26", model.at, description.unknown, "values of version 1.0",
                    f"model {description.path}")  # fmt: skip
    for layer in model.layers:
        require(not layer.unknown, "R26", model.at, layer.unknown, "values of version 1.0", f"model {layer.path}")
    for scheme in model.quantization:
        if scheme.required:
            require(not scheme.unknown, "R27", model.at, scheme.unknown, "values of version 1.0",
                    f"model {scheme.path}")  # fmt: skip


def _check_numbers(router: Router, at: int) -> None:
    """R25."""
    path = f"model {router.path}"
    if router.logit_softcap is not None:
        require(router.logit_softcap > 0, "R25", at, router.logit_softcap, "more than 0", f"{path}.logit_softcap")
    require(router.jitter > 0, "R25", at, router.jitter, "more than 0", f"{path}.jitter")
    if router.normalize is not None:
        epsilon, p = router.normalize.epsilon, router.normalize.p
        require(epsilon >= 0, "R25", at, epsilon, "at least 0", f"{path}.normalize.epsilon")
        require(p > 0, "R25", at, p, "more than 0", f"{path}.normalize.p")
    if router.input_norm is not None:
        epsilon = router.input_norm.epsilon
        require(epsilon >= 0, "R25", at, epsilon, "at least 0", f"{path}.input_norm.epsilon")
    if router.capacity is not None:
        capacity = router.capacity
        if capacity.rule == "factor" and capacity.factor is not None:
            require(capacity.factor > 0, "R25", at, capacity.factor, "more than 0", f"{path}.capacity.factor")
        if capacity.tokens is not None:
            require(capacity.tokens >= 1, "R25", at, capacity.tokens, "at least 1", f"{path}.capacity.tokens")
        require(capacity.minimum >= 0, "R25", at, capacity.minimum, "at least 0", f"{path}.capacity.minimum")


def _check_function(function: ExpertFunction, at: int) -> None:
    """R25."""
    for key, softcap in (("gate_softcap", function.gate_softcap), ("up_softcap", function.up_softcap)):
        if softcap is not None:
            require(softcap > 0, "R25", at, softcap, "more than 0", f"model {function.path}.{key}")
    for low, high in function.clamps:
        ordered = low is None or high is None or low <= high
        require(ordered, "R25", at, f"[{low}, {high}]", "min ≤ max", f"model {function.path}")


def _check_least_choice(router: Router, at: int) -> None:
    """R23, as far as it can be told without a bank."""
    for key, count in (("identity_experts", router.identity_experts), ("shared_in_router", router.shared_in_router)):
        require(count >= 0, "R23", at, count, "at least 0", f"model {router.path}.{key}")
    if router.group_top_k is not None:
        require(
            router.group_top_k >= 1, "R23", at, router.group_top_k, "at least 1", f"model {router.path}.group_top_k"
        )
    if router.top_k is not None:
        require(router.top_k >= 1, "R23", at, router.top_k, "at least 1", f"model {router.path}.top_k")
        if router.score == "sparsemixer":
            require(router.top_k == 2, "R23", at, router.top_k, "2 for sparsemixer", f"model {router.path}.top_k")


def _check_choice(router: Router, expert_count: int, at: int) -> None:
    """R23, R24, for a bank that the router serves."""
    path = f"model {router.path}"
    experts = expert_count + router.identity_experts
    if router.kind not in CHOOSES_TOP_K or router.top_k is None:
        return
    require(router.top_k <= experts, "R23", at, router.top_k, f"at most {experts}", f"{path}.top_k")
    if router.kind == "hierarchical":
        _check_hierarchy(router, experts, at)
    if router.groups is not None:
        count, kept = router.groups.count, router.groups.kept
        require(count >= 1 and experts % count == 0, "R24", at, count, f"a divisor of {experts}",
                f"{path}.groups.count")  # fmt: skip
        size = experts // count
        require(1 <= kept <= count, "R24", at, kept, f"1 … {count}", f"{path}.groups.kept")
        if router.groups.fill != "zero":
            require(kept * size >= router.top_k, "R24", at, kept * size, f"at least {router.top_k}",
                    f"experts in the kept groups of {path}")  # fmt: skip
        if router.groups.score == "sum_of_top_2":
            require(size >= 2, "R24", at, size, "at least 2", f"experts a group of {path}")


def _check_hierarchy(router: Router, experts: int, at: int) -> None:
    """R24, R23 for `hierarchical`."""
    path, size, kept = f"model {router.path}", router.group_size, router.group_top_k
    if size is None or kept is None or router.top_k is None:
        return
    require(size >= 1 and experts % size == 0, "R24", at, size, f"a divisor of {experts}", f"{path}.group_size")
    require(1 <= kept <= experts // size, "R23", at, kept, f"1 … {experts // size}", f"{path}.group_top_k")
    require(router.top_k <= size, "R23", at, router.top_k, f"at most {size}", f"{path}.top_k")
