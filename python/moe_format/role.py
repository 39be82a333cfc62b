"""SPEC.md §8."""

from __future__ import annotations

from enum import IntEnum


class Role(IntEnum):
    OTHER = 0
    ROUTER_WEIGHT = 1
    ROUTER_BIAS = 2
    SELECTION_BIAS = 3
    ROUTER_NOISE_WEIGHT = 4
    ROUTER_INPUT_SCALE = 5
    PER_EXPERT_SCALE = 6
    TOKEN_EXPERT_TABLE = 7
    OUTPUT_BIAS = 8
    GROUP_ROUTER_WEIGHT = 9
    GROUP_ROUTER_NOISE_WEIGHT = 10
    PRE_PROJECTION = 11
    POST_PROJECTION = 12
    ROUTER_GLOBAL_SCALE = 13
    OUTPUT_NORM_WEIGHT = 14
    LATENT_NORM_WEIGHT = 15
    EXPERT_WEIGHT = 16
    EXPERT_BIAS = 17
    GATE_WEIGHT = 18
    GATE_BIAS = 19
    UP_WEIGHT = 20
    UP_BIAS = 21
    DOWN_WEIGHT = 22
    DOWN_BIAS = 23
    GATE_UP_WEIGHT = 24
    GATE_UP_BIAS = 25
    GATE_UP_INTERLEAVED_WEIGHT = 26
    GATE_UP_INTERLEAVED_BIAS = 27
    SHARED_EXPERT_WEIGHT = 32
    SHARED_EXPERT_BIAS = 33
    SHARED_EXPERT_GATE_WEIGHT = 34
    SHARED_EXPERT_GATE_BIAS = 35
    SHARED_EXPERT_UP_WEIGHT = 36
    SHARED_EXPERT_UP_BIAS = 37
    SHARED_EXPERT_DOWN_WEIGHT = 38
    SHARED_EXPERT_DOWN_BIAS = 39
    SHARED_EXPERT_GATE_UP_WEIGHT = 40
    SHARED_EXPERT_GATE_UP_BIAS = 41
    SHARED_EXPERT_GATE_UP_INTERLEAVED_WEIGHT = 42
    SHARED_EXPERT_GATE_UP_INTERLEAVED_BIAS = 43
    SHARED_GATE_WEIGHT = 48
    SHARED_GATE_BIAS = 49
    SCALE = 50
    EXPERT_NORM_WEIGHT = 51
    PRE_PROJECTION_BIAS = 52
    POST_PROJECTION_BIAS = 53

    @property
    def may_repeat(self) -> bool:
        """Whether a block may hold several parts of this role."""
        return self in (Role.OTHER, Role.SCALE)

    @property
    def may_repeat_by_group(self) -> bool:
        """Whether a hierarchical router's block may hold one part of this role a group: SPEC.md §9.2."""
        return self in (Role.ROUTER_WEIGHT, Role.ROUTER_BIAS, Role.ROUTER_NOISE_WEIGHT)


def role_of(code: int) -> Role:
    """An unknown code is *other*."""
    try:
        return Role(code)
    except ValueError:
        return Role.OTHER


SHARED_OFFSET = 16
"""A shared expert's role is the expert role and this."""
