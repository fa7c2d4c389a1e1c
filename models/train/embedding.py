"""Give a recogniser the embedding that tells foods apart which it was never trained on.

python3 embedding.py --data DIR --work DIR [--fold K | all] [--without A,B] [--sources ...] [--models DIR]

The classifier's own 64 numbers know only what tells its classes apart. Here mean and root mean square of the 64
channels of the trunk's map at stride 8, weighted towards the middle of the crop, are whitened by how they vary
within the known foods (as linear discriminant analysis does) and brought to length 1. Beside it comes how like each known
class a crop is: the cosine to the nearest of the class's PROTOTYPES, so that a food taught on site has something to be
compared with. recogniser.onnx, its description and the manifest in --models are rewritten; every other output stays
as it was, which is checked. --fold, --without, --sources and the cache in --work as for recogniser.py.
"""
import argparse
import json
import os

import cv2
import numpy as np
import onnx
from onnx import helper, numpy_helper

import contract
import data
import manifest
import nets
import onnxfile
import recdata

MAP = "/trunk/s8/s8.1/join/Mul_output_0"  # 1x64x16x16
OLD = "/Div_output_0"  # the classifier's embedding, as torch names it
CHANNELS, SIDE = 64, 16
SHRINK = 0.1  # of the spread towards an even one
PER_FOOD = 150  # crops that measure the spread of one food
PROTOTYPES = 4  # of a class


def statistics():
    """Nodes and weights that turn MAP into `statistics`, 1 x 128."""
    g = np.exp(-((np.arange(SIDE) - (SIDE - 1) / 2) / (0.35 * SIDE)) ** 2)
    window = np.tile(np.outer(g, g) / g.sum() ** 2, (CHANNELS, 1, 1, 1)).astype(np.float32)
    node = helper.make_node
    return [node("Conv", [MAP, "window"], ["mean"], group=CHANNELS, kernel_shape=[SIDE, SIDE]),
            node("Mul", [MAP, MAP], ["squares"]),
            node("Conv", ["squares", "window"], ["mean_square"], group=CHANNELS, kernel_shape=[SIDE, SIDE]),
            node("Sqrt", ["mean_square"], ["root_mean_square"]),
            node("Concat", ["mean", "root_mean_square"], ["both"], axis=1),
            node("Flatten", ["both"], ["statistics"])], [numpy_helper.from_array(window, "window")]


def whitening(weight, bias):
    """Nodes and weights that turn `statistics` into `embedding`: affine, then length 1."""
    n, node = len(bias), helper.make_node
    values = {"white_weight": weight, "white_bias": bias, "ones": np.ones((n, n)), "tiny": np.full((1, n), 1e-9)}
    return [node("Gemm", ["statistics", "white_weight", "white_bias"], ["white"], transB=1),
            node("Mul", ["white", "white"], ["white_squares"]),
            node("MatMul", ["white_squares", "ones"], ["white_sum"]),
            node("Add", ["white_sum", "tiny"], ["white_sum_safe"]),
            node("Sqrt", ["white_sum_safe"], ["white_length"]),
            node("Div", ["white", "white_length"], ["embedding"])], [
        numpy_helper.from_array(v.astype(np.float32), k) for k, v in values.items()]


def comparison(prototypes):
    """Nodes and weights that turn `embedding` into `likeness`, one cosine a class; prototypes is PROTOTYPES x classes x 128."""
    node, names = helper.make_node, [f"prototypes_{k}" for k in range(len(prototypes))]
    return [node("MatMul", ["embedding", n], [n + "_like"]) for n in names] + [
        node("Max", [n + "_like" for n in names], ["likeness"])], [
        numpy_helper.from_array(p.T.astype(np.float32), n) for n, p in zip(names, prototypes)]


def extended(model, nodes, weights):
    """A copy of `model` with nodes and weights before its last node, which puts out what they make if that is `likeness`."""
    twin = onnx.ModelProto()
    twin.CopyFrom(model)
    graph, length = twin.graph, 2 * CHANNELS
    last = graph.node.pop()
    graph.node.extend(nodes)
    graph.initializer.extend(weights)
    if nodes[-1].output[0] == "likeness":
        at = list(last.input).index(OLD)
        last.input[:] = [*last.input[:at], "embedding", "likeness", *last.input[at + 1:]]
        graph.node.append(last)
        length += model.graph.output[0].type.tensor_type.shape.dim[1].dim_value - nets.EMBED + len(nets.CLASSES)
    else:
        keep_only(graph, nodes[-1].output[0])
    graph.output[0].CopyFrom(helper.make_tensor_value_info(graph.node[-1].output[0], onnx.TensorProto.FLOAT, [1, length]))
    onnx.checker.check_model(twin)
    return twin


def keep_only(graph, out):
    """Drop the nodes that `out` does not need: OpenCV runs every one."""
    needed, kept = {out}, []
    for node in reversed(graph.node):
        if needed & set(node.output):
            needed |= set(node.input)
            kept.append(node)
    del graph.node[:]
    graph.node.extend(reversed(kept))


def opened(model):
    return cv2.dnn.readNetFromONNX(np.frombuffer(model.SerializeToString(), np.uint8))


def fit(values, foods):
    """Weight and bias that centre the statistics and whiten them by their spread within foods."""
    mean, sd = values.mean(0), values.std(0) + 1e-6
    z, foods = (values - mean) / sd, np.array(foods)
    within = np.concatenate([z[foods == f] - z[foods == f].mean(0) for f in np.unique(foods)])
    spread = within.T @ within / len(within)
    spread = (1 - SHRINK) * spread + SHRINK * np.trace(spread) / len(spread) * np.eye(len(spread))
    size, turn = np.linalg.eigh(spread)
    weight = (turn / np.sqrt(size)).T / sd
    return weight, -weight @ mean


def clustered(vectors, foods):
    """PROTOTYPES x classes x 128: the centres of each class's vectors at length 1; zeros for a class without any."""
    out = np.zeros((PROTOTYPES, len(nets.CLASSES), vectors.shape[1]))
    cv2.setRNGSeed(1)
    for food in set(foods):
        mine = vectors[np.array(foods) == food].astype(np.float32)
        stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 100, 1e-4)
        centres = cv2.kmeans(mine, PROTOTYPES, None, stop, 3, cv2.KMEANS_PP_CENTERS)[2]
        out[:, food] = centres / np.linalg.norm(centres, axis=1, keepdims=True)
    return out


def described(path):
    """The description with the new parts in its layout."""
    with open(path) as f:
        d = json.load(f)
    layout, offset = d["output"]["layout"], 0
    at = next(i for i, part in enumerate(layout) if part["name"] == "embedding")
    layout[at:at + 1] = [
        {"name": "embedding", "length": 2 * CHANNELS, "shape": [2 * CHANNELS], "meaning": "tells foods apart that were never trained on; L2 length 1"},
        {"name": "likeness", "length": len(nets.CLASSES), "shape": [len(nets.CLASSES)], "meaning": "cosine of the embedding to each class, in [-1, 1]"}]
    for part in layout:
        part["offset"] = offset
        offset += part["length"]
    d["output"]["shape"] = [1, offset]
    d["version"] = contract.RECOGNISER["version"]
    return d


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--fold", default="all")
    parser.add_argument("--without", default="")
    parser.add_argument("--sources", default="ecustfd,tray,cafeteria,clearplate,korean,coins")
    parser.add_argument("--models", default=contract.MODELS)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    path = os.path.join(args.models, "recogniser.onnx")
    model = onnx.load(path)
    if any(n.output[0] == "embedding" for n in model.graph.node):
        raise SystemExit("recogniser.onnx has this embedding already")
    part, rng = data.parts(args.fold), np.random.default_rng(1)
    items = [c for c in recdata.cache(args.data, args.work, args.sources.split(","))
             if part.get(c["portion"], c["split"]) == "train" and c["label"] not in args.without.split(",")
             and not recdata.ambiguous(c)]
    crops, foods = [], []
    for food in sorted({recdata.class_of(c) for c in items}):
        mine = [c for c in items if recdata.class_of(c) == food]
        for k in rng.choice(len(mine), PER_FOOD):
            crops.append(recdata.jitter(mine[k], rng)[0])
            foods.append(food)
    net = opened(extended(model, *statistics()))
    values = np.concatenate([onnxfile.run(net, c).reshape(1, -1) for c in crops])
    known = np.array(foods) != recdata.OTHER
    weight, bias = fit(values[known], np.array(foods)[known])
    vectors = values @ weight.T + bias
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    prototypes = clustered(vectors, foods)
    new = statistics(), whitening(weight, bias), comparison(prototypes)
    out = extended(model, *(sum(parts, []) for parts in zip(*new)))
    description = described(path.replace(".onnx", ".json"))
    likeness = np.einsum("kcd,nd->nkc", prototypes, vectors).max(1)
    check(opened(model), opened(out), description, crops[::100], np.c_[vectors, likeness][::100])
    onnx.save(out, path + ".tmp.onnx")
    os.replace(path + ".tmp.onnx", path)
    contract.write(description, args.models)
    manifest.write(args.models)
    print(f"{len(crops)} crops of {len(set(foods))} foods")


def check(before, after, description, crops, wanted):
    """Refuse a network whose other outputs have changed or whose new ones are not what was computed."""
    layout = {p["name"]: p for p in description["output"]["layout"]}
    first, last = layout["embedding"]["offset"], layout["likeness"]["offset"] + layout["likeness"]["length"]
    for crop, want in zip(crops, wanted):
        old, new = onnxfile.run(before, crop)[0], onnxfile.run(after, crop)[0]
        assert len(new) == description["output"]["shape"][1], len(new)
        np.testing.assert_allclose(new[:first], old[:first], atol=1e-5)
        np.testing.assert_allclose(new[last:], old[len(old) - (len(new) - last):], atol=1e-5)
        np.testing.assert_allclose(new[first:last], want, atol=1e-4)


if __name__ == "__main__":
    main()
