"""R28: the tensors that a layer's description needs."""

from __future__ import annotations

from ..data.bank import Bank
from ..data.block_contents import BlockContents
from ..errors import MoEFormatError, require
from ..file import MoEFile
from ..model.expert_function import ExpertFunction
from ..model.router import Router
from ..role import SHARED_OFFSET, Role
from .report import Report
from .requirements import Requirements


def check_layers(file: MoEFile, report: Report) -> None:
    for index in range(file.bank_count):
        with report.checking():
            check_layer(file, file.bank(index))


def check_layer(file: MoEFile, bank: Bank) -> None:
    """All that running this layer would need. Unsupported and unknown descriptions need nothing."""
    layer = bank.layer
    router = file.model.routers[layer.router]
    function = file.model.expert_functions[layer.expert_function]
    contents = bank.router()
    expert_in, expert_out = layer.hidden_size, layer.output_size
    if router.kind != "unsupported" and not router.unknown:
        needs = _router(file, bank, contents)
        _check_router(needs, router, bank)
        if needs.has(Role.PRE_PROJECTION):
            expert_in = _latent(needs, Role.PRE_PROJECTION, of_outputs=True)
            needs.matrix(Role.PRE_PROJECTION, expert_in, layer.hidden_size)
            needs.optional_vector(Role.PRE_PROJECTION_BIAS, expert_in)
        if needs.has(Role.POST_PROJECTION):
            expert_out = _latent(needs, Role.POST_PROJECTION, of_outputs=False)
            needs.matrix(Role.POST_PROJECTION, layer.output_size, expert_out)
            needs.optional_vector(Role.POST_PROJECTION_BIAS, layer.output_size)
        for norm, role, width in (
            (layer.latent_norm, Role.LATENT_NORM_WEIGHT, expert_in),
            (layer.expert_norm, Role.EXPERT_NORM_WEIGHT, expert_out),
            (layer.output_norm, Role.OUTPUT_NORM_WEIGHT, layer.output_size),
        ):
            if norm is not None:
                needs.vector(role, width)
    if not function.unknown:
        for expert in range(bank.expert_count):
            needs = Requirements(bank.expert(expert), file.model, f"expert {expert} of bank {bank.index}")
            _check_expert(needs, function, expert_in, expert_out, layer.expert_size, 0)
    _check_shared(file, bank, router)


def _router(file: MoEFile, bank: Bank, contents: BlockContents | None) -> Requirements:
    if contents is None:
        raise MoEFormatError("R28", bank.record.at + 24, "no router block", "one", f"bank {bank.index}")
    return Requirements(contents, file.model, f"router of bank {bank.index}")


def _check_router(needs: Requirements, router: Router, bank: Bank) -> None:
    hidden, experts = bank.layer.hidden_size, bank.expert_count + router.identity_experts
    rows = experts + router.shared_in_router
    needs.gate(Role.ROUTER_WEIGHT, rows, hidden)
    needs.gate_bias(Role.ROUTER_BIAS, rows)
    if router.kind == "hash":
        needs.integer_table(Role.TOKEN_EXPERT_TABLE, router.top_k or 0)
    if router.kind == "hierarchical" and router.group_size:
        groups = experts // router.group_size
        needs.matrix(Role.GROUP_ROUTER_WEIGHT, groups, hidden)
        if router.noise:
            needs.matrix(Role.GROUP_ROUTER_NOISE_WEIGHT, groups, hidden)
    if router.noise:
        needs.gate(Role.ROUTER_NOISE_WEIGHT, rows, hidden)
    if router.selection_bias != "none":
        needs.vector(Role.SELECTION_BIAS, experts)
    if router.per_expert_scale:
        needs.vector(Role.PER_EXPERT_SCALE, bank.expert_count)
    needs.optional_vector(Role.ROUTER_INPUT_SCALE, hidden)
    needs.optional_vector(Role.OUTPUT_BIAS, bank.layer.output_size)
    needs.optional_vector(Role.ROUTER_GLOBAL_SCALE, 1)


def _latent(needs: Requirements, role: Role, of_outputs: bool) -> int:
    """The width that a projection leads to or comes from, read off its own shape."""
    record = needs.part(role).record
    rows = record.element_count // record.row_length
    return rows if (record.orientation == 1) == of_outputs else record.row_length


def _check_expert(
    needs: Requirements, function: ExpertFunction, inputs: int, outputs: int, size: int, offset: int
) -> None:
    """`offset` is 16 for the roles of shared experts."""

    def role(base: Role) -> Role:
        return Role(base + offset)

    if function.kind == "linear":
        needs.matrix(role(Role.EXPERT_WEIGHT), outputs, inputs)
        needs.optional_vector(role(Role.EXPERT_BIAS), outputs)
        return
    if function.kind == "gated":
        _check_gate_up(needs, inputs, size, offset)
    else:
        needs.matrix(role(Role.UP_WEIGHT), size, inputs)
        needs.optional_vector(role(Role.UP_BIAS), size)
    needs.matrix(role(Role.DOWN_WEIGHT), outputs, size)
    needs.optional_vector(role(Role.DOWN_BIAS), outputs)


def _check_gate_up(needs: Requirements, inputs: int, size: int, offset: int) -> None:
    for weight, bias in (
        (Role.GATE_UP_WEIGHT, Role.GATE_UP_BIAS),
        (Role.GATE_UP_INTERLEAVED_WEIGHT, Role.GATE_UP_INTERLEAVED_BIAS),
    ):
        if needs.has(Role(weight + offset)):
            needs.matrix(Role(weight + offset), 2 * size, inputs)
            needs.optional_vector(Role(bias + offset), 2 * size)
            return
    for weight, bias in ((Role.GATE_WEIGHT, Role.GATE_BIAS), (Role.UP_WEIGHT, Role.UP_BIAS)):
        needs.matrix(Role(weight + offset), size, inputs)
        needs.optional_vector(Role(bias + offset), size)


def _check_shared(file: MoEFile, bank: Bank, router: Router) -> None:
    layer, shared = bank.layer, bank.layer.shared
    at = bank.record.at + 56
    has_own = shared is not None and shared.bank is None
    described = "shared experts" if has_own else "none"
    require(has_own == (bank.shared_count > 0), "R28", at, bank.shared_count, described,
            f"shared experts of bank {bank.index}")  # fmt: skip
    if shared is None:
        return
    if shared.bank is not None:
        bank = file.bank(shared.bank)
    if shared.gate == "router" and router.kind != "unsupported" and not router.unknown:
        require(router.shared_in_router >= bank.shared_count, "R28", at, bank.shared_count,
                f"at most {router.shared_in_router}", f"shared experts in the router of bank {bank.index}")  # fmt: skip
    function = file.model.expert_functions[shared.expert_function]
    for index in range(bank.shared_count):
        needs = Requirements(bank.shared(index), file.model, f"shared expert {index} of bank {bank.index}")
        if not function.unknown:
            _check_expert(needs, function, layer.hidden_size, layer.output_size, shared.expert_size, SHARED_OFFSET)
        if shared.gate == "sigmoid":
            needs.matrix(Role.SHARED_GATE_WEIGHT, 1, layer.hidden_size)
            needs.optional_vector(Role.SHARED_GATE_BIAS, 1)
