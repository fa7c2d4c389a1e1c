"""Write ../manifest.json: the SHA-256 of every shipped file. python3 manifest.py"""
import glob
import hashlib
import json
import os

MODELS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
NAME = "manifest.json"


def write(folder=MODELS):
    """The sums of all *.onnx and *.json in `folder`, but the manifest itself."""
    sums = {}
    for path in sorted(glob.glob(os.path.join(folder, "*.onnx")) + glob.glob(os.path.join(folder, "*.json"))):
        name = os.path.basename(path)
        if name != NAME and not name.endswith(".tmp.onnx"):
            with open(path, "rb") as f:
                sums[name] = hashlib.sha256(f.read()).hexdigest()
    path = os.path.join(folder, NAME)
    with open(path + ".tmp", "w") as f:
        json.dump({"sha256": dict(sorted(sums.items()))}, f, indent=2)
        f.write("\n")
    os.replace(path + ".tmp", path)


if __name__ == "__main__":
    write()
