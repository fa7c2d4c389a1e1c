"""Write a network as an ONNX file that OpenCV 4.6 reads, and run such a file."""
import io
import os

import cv2
import onnx
import torch


def inline_identities(model):
    """torch merges equal weights through Identity nodes, on which OpenCV aborts: give each user its copy."""
    graph = model.graph
    weights = {w.name: w for w in graph.initializer}
    for node in list(graph.node):
        if node.op_type != "Identity" or node.input[0] not in weights:
            continue
        twin = onnx.TensorProto()
        twin.CopyFrom(weights[node.input[0]])
        twin.name = node.output[0]
        graph.initializer.append(twin)
        weights[twin.name] = twin
        graph.node.remove(node)
    return model


def write(net, size, in_name, out_name, path):
    """Export `net` (eval mode, 1x3xsizexsize in, one tensor out) to `path`, atomically."""
    buffer = io.BytesIO()
    torch.onnx.export(net, torch.zeros(1, 3, size, size), buffer, opset_version=11,
                      input_names=[in_name], output_names=[out_name])
    model = inline_identities(onnx.load_from_string(buffer.getvalue()))
    onnx.checker.check_model(model)
    temporary = f"{path}.tmp.onnx"
    onnx.save(model, temporary)
    cv2.dnn.readNetFromONNX(temporary)  # refuse here what would abort the daemon's worker
    os.replace(temporary, path)


def run(net, image):
    """Run a cv2.dnn network on an HxWx3 RGB uint8 image of the network's own size."""
    net.setInput(cv2.dnn.blobFromImage(image, 1 / 255.0))
    return net.forward()
