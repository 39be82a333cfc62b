"""The benchmark's inputs, made from a seed: weights that look trained, in the containers that are compared.

A weight is Gaussian with a scale of its own for every row, drawn log-normally: exponents then have about the entropy of
trained weights (2.67 bits). What this lacks of real weights is written in RESULTS.md.
"""

import json
import os
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import h5py
import numpy as np
from safetensors.numpy import save_file

HIDDEN, INTERMEDIATE = 2048, 1792  # three bf16 matrices of 22.0 MB together


def weights(rng, rows, columns):
    """[rows, columns] of float32."""
    scale = 0.02 * np.exp(0.35 * rng.standard_normal((rows, 1), dtype=np.float32))
    return rng.standard_normal((rows, columns), dtype=np.float32) * scale


def bf16(values):
    """The words of float32 values rounded to the nearest bf16."""
    bits = values.view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def mixtral_config(**changes):
    config = dict(
        architectures=["MixtralForCausalLM"], model_type="mixtral", hidden_act="silu", hidden_size=HIDDEN,
        intermediate_size=INTERMEDIATE, num_experts_per_tok=2, num_hidden_layers=1, num_local_experts=8)
    return config | changes


def expert_tensors(rng, experts, convert):
    """Names and arrays of one Mixtral layer."""
    prefix = "model.layers.0.block_sparse_moe."
    yield prefix + "gate.weight", convert(weights(rng, experts, HIDDEN))
    for expert in range(experts):
        for name, shape in (("w1", (INTERMEDIATE, HIDDEN)), ("w2", (HIDDEN, INTERMEDIATE)), ("w3", (INTERMEDIATE, HIDDEN))):
            yield f"{prefix}experts.{expert}.{name}.weight", convert(weights(rng, *shape))


def tag_bf16(dataset):
    if dataset.dtype == np.uint16:
        dataset.attrs["dtype"] = "bfloat16"


class Inputs:
    """Files below one directory, made when first asked for and kept."""

    def __init__(self, directory, short):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.experts = 8 if short else 32

    def _made(self, name, make):
        path = self.directory / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_name("partial-" + path.name)
            make(partial)
            partial.rename(path)
        return path

    def elements(self, dtype):
        """16 Mi elements (4 Mi of the wider types) of one matrix as plain bytes, in rows of 2048."""
        def make(path):
            values = weights(np.random.default_rng(1), 8192 if dtype == "BF16" else 2048, 2048)
            match dtype:
                case "BF16": values = bf16(values)
                case "F16": values = values.astype(np.float16)
                case "F32-BF16": values = (bf16(values).astype(np.uint32) << 16).view(np.float32)
            values.tofile(path)
        return self._made(f"elements-{dtype}.bin", make)

    def contiguous(self, dtype="BF16", experts=None):
        """One Mixtral layer as contiguous datasets."""
        experts = experts or self.experts
        convert = {"BF16": bf16, "F16": lambda x: x.astype(np.float16), "F32": lambda x: x}[dtype]

        def make(path):
            rng = np.random.default_rng(2)
            (path.parent / "config.json").write_text(json.dumps(mixtral_config(num_local_experts=experts)))
            with h5py.File(path, "w") as file:
                for name, values in expert_tensors(rng, experts, convert):
                    tag_bf16(file.create_dataset(name, data=values))
        return self._made(f"contiguous-{dtype}-{experts}/checkpoint.h5", make)

    def safetensors(self):
        """The tensors of `contiguous()`."""
        def make(path):
            with h5py.File(self.contiguous()) as file:
                tensors = {}
                file.visititems(lambda name, item: tensors.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None)
            save_file(tensors, path)
        return self._made(f"contiguous-BF16-{self.experts}/checkpoint.safetensors", make)

    def gzip(self):
        """The tensors of `contiguous()`, shuffled and compressed in chunks of 512 KiB."""
        def make(path):
            (path.parent / "config.json").write_text(json.dumps(mixtral_config(num_local_experts=self.experts)))
            with h5py.File(self.contiguous()) as source, h5py.File(path, "w") as file, ThreadPoolExecutor() as pool:
                names = []
                source.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
                for name in names:
                    values = source[name][()]
                    rows = min(len(values), (1 << 19) // (2 * values.shape[1]))
                    dataset = file.create_dataset(
                        name, values.shape, np.uint16, chunks=(rows, values.shape[1]), compression="gzip", shuffle=True)
                    tag_bf16(dataset)
                    write_chunks(dataset, values, pool)
        return self._made(f"gzip-{self.experts}/checkpoint.h5", make)

    def stacked(self):
        """Stacked tensors [experts, …], gzip chunks of which each holds pieces of three experts."""
        def make(path):
            rng = np.random.default_rng(3)
            experts = self.experts
            config = dict(
                architectures=["DbrxForCausalLM"], model_type="mixtral", hidden_act="silu", hidden_size=HIDDEN,
                intermediate_size=INTERMEDIATE, num_experts_per_tok=2, num_hidden_layers=1, num_local_experts=experts)
            (path.parent / "config.json").write_text(json.dumps(config))
            prefix = "model.layers.0.block_sparse_moe."
            with h5py.File(path, "w") as file, ThreadPoolExecutor() as pool:
                tag_bf16(file.create_dataset(prefix + "gate.weight", data=bf16(weights(rng, experts, HIDDEN))))
                for name, shape in (("gate_up_proj", (2 * INTERMEDIATE, HIDDEN)), ("down_proj", (HIDDEN, INTERMEDIATE))):
                    values = np.stack([bf16(weights(rng, *shape)) for _ in range(experts)])
                    dataset = file.create_dataset(
                        prefix + "experts." + name, values.shape, np.uint16, chunks=(3, 128, values.shape[2]),
                        compression="gzip", shuffle=True)
                    tag_bf16(dataset)
                    write_chunks(dataset, values, pool)
        return self._made(f"stacked-{self.experts}/checkpoint.h5", make)

    def names(self, container):
        """The tensor names of DeepSeek-V3 (61 layers, 58 of them with 256 experts), each with few elements."""
        def make(path):
            config = dict(
                architectures=["DeepseekV3ForCausalLM"], model_type="deepseek_v3", hidden_act="silu", hidden_size=8,
                intermediate_size=8, moe_intermediate_size=4, n_routed_experts=256, n_shared_experts=1,
                num_experts_per_tok=8, n_group=8, topk_group=4, norm_topk_prob=True, routed_scaling_factor=2.5,
                scoring_func="sigmoid", topk_method="noaux_tc", first_k_dense_replace=3, num_hidden_layers=61, moe_layer_freq=1)
            (path.parent / "config.json").write_text(json.dumps(config))
            tensors = dict(deepseek_tensors())
            if container == "safetensors":
                save_file(tensors, path)
            else:
                with h5py.File(path, "w", libver="latest") as file:
                    for name, values in tensors.items():
                        file.create_dataset(name, data=values)
        return self._made(f"names/checkpoint.{container}", make)

    def routed(self, layers, experts, top_k, hidden, intermediate, name):
        """Experts of a traced model's shape behind routers that are identities: a hidden state says itself where it goes."""
        def make(path):
            rng = np.random.default_rng(4)
            config = mixtral_config(
                hidden_size=hidden, intermediate_size=intermediate, num_experts_per_tok=top_k, num_hidden_layers=layers,
                num_local_experts=experts)
            (path.parent / "config.json").write_text(json.dumps(config))
            with h5py.File(path, "w", libver="latest") as file:
                for layer in range(layers):
                    prefix = f"model.layers.{layer}.block_sparse_moe."
                    file.create_dataset(prefix + "gate.weight", data=np.eye(experts, hidden, dtype=np.float32))
                    for expert in range(experts):
                        for leaf, shape in (("w1", (intermediate, hidden)), ("w2", (hidden, intermediate)), ("w3", (intermediate, hidden))):
                            tag_bf16(file.create_dataset(f"{prefix}experts.{expert}.{leaf}.weight", data=bf16(weights(rng, *shape))))
        return self._made(f"{name}/checkpoint.h5", make)


def deepseek_tensors():
    rng = np.random.default_rng(5)

    def small(*shape):
        return rng.standard_normal(shape, dtype=np.float32)

    yield "model.embed_tokens.weight", small(16, 8)
    for layer in range(61):
        prefix = f"model.layers.{layer}."
        for norm in ("input_layernorm", "post_attention_layernorm"):
            yield f"{prefix}{norm}.weight", small(8)
        for name in ("q_a_proj", "q_b_proj", "kv_a_proj_with_mqa", "kv_b_proj", "o_proj"):
            yield f"{prefix}self_attn.{name}.weight", small(8, 8)
        for name in ("q_a_layernorm", "kv_a_layernorm"):
            yield f"{prefix}self_attn.{name}.weight", small(8)
        if layer < 3:
            for name in ("gate_proj", "up_proj", "down_proj"):
                yield f"{prefix}mlp.{name}.weight", small(8, 8)
            continue
        yield f"{prefix}mlp.gate.weight", small(256, 8)
        yield f"{prefix}mlp.gate.e_score_correction_bias", small(256)
        for expert in [f"experts.{index}" for index in range(256)] + ["shared_experts"]:
            yield f"{prefix}mlp.{expert}.gate_proj.weight", small(4, 8)
            yield f"{prefix}mlp.{expert}.up_proj.weight", small(4, 8)
            yield f"{prefix}mlp.{expert}.down_proj.weight", small(8, 4)
    yield "model.norm.weight", small(8)
    yield "lm_head.weight", small(16, 8)


def write_chunks(dataset, values, pool):
    """Fills a gzip+shuffle dataset, compressing on all cores."""
    shape = dataset.chunks

    def compressed(origin):
        chunk = np.zeros(shape, values.dtype)
        part = values[tuple(slice(start, start + extent) for start, extent in zip(origin, shape))]
        chunk[tuple(slice(0, extent) for extent in part.shape)] = part
        planes = chunk.reshape(-1).view(np.uint8).reshape(-1, values.itemsize).T.tobytes()
        return origin, zlib.compress(planes, 4)

    origins = [
        tuple(int(index) * extent for index, extent in zip(position, shape))
        for position in np.ndindex(*(-(-size // extent) for size, extent in zip(values.shape, shape)))
    ]
    for origin, stored in pool.map(compressed, origins):
        dataset.id.write_direct_chunk(origin, stored)


def forget(*paths):
    """Drops files from the page cache."""
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)
