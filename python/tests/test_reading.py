"""The package as its users meet it."""

import ml_dtypes
import moe_format
import numpy as np
import pytest
from conftest import GOLDEN, ROOT
from moe_format import LinkKind, Role


def golden(name):
    return moe_format.open(GOLDEN / f"{name}.moe")


def test_one_expert_by_role():
    with golden("layer") as file:
        expert = file.bank(0).expert(3)
        assert set(expert) == {Role.GATE_WEIGHT, Role.UP_WEIGHT, Role.DOWN_WEIGHT}
        assert expert[Role.DOWN_WEIGHT].shape == (4, 3)
        assert expert[Role.DOWN_WEIGHT].dtype == np.float32
        whole = file.tensor("layers.0.mlp.experts.3.down_proj.weight").array()
        assert np.array_equal(expert[Role.DOWN_WEIGHT], whole)
        assert list(expert.by_name())[0] == "layers.0.mlp.experts.3.gate_proj.weight"


def test_one_expert_of_a_stacked_tensor():
    with golden("stacked") as file:
        gate_up, down = file.tensor("experts.gate_up_proj"), file.tensor("experts.down_proj")
        assert gate_up.array().dtype == ml_dtypes.bfloat16
        assert np.array_equal(gate_up.expert(2), gate_up.array()[2])
        assert np.array_equal(down.expert(1), down.array()[3:6])
        assert file.bank(0).expert(1)[Role.GATE_UP_WEIGHT].shape == (6, 4)
        with pytest.raises(IndexError):
            gate_up.expert(3)


def test_one_value_of_a_stacked_vector():
    with golden("stacked-vectors") as file:
        scale = file.tensor("experts.input_scale")
        assert scale.expert(2).shape == ()
        assert scale.expert(2) == scale.array()[2]


def test_companions():
    with golden("quantised") as file:
        part = file.bank(0).expert(0).part(Role.GATE_WEIGHT)
        assert part.array().dtype == ml_dtypes.float8_e4m3fn
        (scale,) = part.companions(LinkKind.SCALE)
        assert scale.tensor.name == "0.gate.weight_scale_inv"
        assert file.model.quantization[part.record.scheme - 1].element == "f8_e4m3"


def test_float_dtypes_keep_their_bits():
    with golden("dtypes-in-planes") as file:
        assert np.isnan(file.tensor("f8_e8m0").array()[1, 1].astype(np.float32))
        assert file.tensor("bf16").array()[1, 0] == np.inf
        assert file.tensor("f64").array().view(np.uint64)[1, 1] == 0xFFF8000000000001
        assert file.tensor("opaque").array().dtype == np.dtype("V4")


def test_look_up_compares_names_not_hashes():
    with golden("equal-hashes") as file:
        assert file.tensor("gikljfoekeegdcdl").array() == [1]
        assert file.tensor("oopkbajficenlhdf").array() == [2]


def test_what_is_not_there():
    with golden("layer") as file:
        assert "nothing" not in file and "\ud800" not in file
        with pytest.raises(KeyError):
            file.tensor("nothing")
        with pytest.raises(IndexError):
            file.bank(1)
        with pytest.raises(IndexError):
            file.bank(0).expert(4)
        with pytest.raises(IndexError):
            file.bank(0).expert(-1)
        assert file.config is None and file.source is None


def test_model_config_and_source():
    with golden("layer-with-everything") as file:
        router = file.model.routers[0]
        assert (router.kind, router.top_k, router.groups.kept, router.capacity.order) == ("top_k", 2, 1, "rank")
        assert file.bank(0).layer.shared.gate == "sigmoid"
    with golden("hdf5-source") as file:
        assert file.config == b'{"model_type": "fixture", "eps": NaN}\n'
        root = file.source.objects[0]
        assert [link.name for link in root.links[:2]] == [b"group", b"again"]
        assert root.links[4].path == b"other.h5\0/data"
        assert file.source.objects[2].tensor == 0
    with golden("safetensors-source") as file:
        assert file.source.metadata[0] == (b"format", b"pt")


def test_verify_raises_the_first_finding():
    with moe_format.open(ROOT / "fixtures/invalid/R44-hash-0.moe") as file:
        with pytest.raises(moe_format.MoEFormatError) as caught:
            file.verify()
    error = caught.value
    assert (error.rule, error.found) == ("R44", "0" * 32)
    assert str(error).startswith(f"R44 at {error.offset:#x}: content_hash of 'x': found 000")
