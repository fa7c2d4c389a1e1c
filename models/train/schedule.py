"""What both trainers share: a schedule over steps, averaged weights, checkpoints, a log."""
import copy
import math
import os
import time

import torch


class Run:
    """Trains for a number of steps: the same seed, data and steps give the same network.

    Keeps an exponential average of the weights, which is what gets evaluated and shipped, and
    resumes from its checkpoint. `gentle` modules, which start from trained weights, learn at a fifth of the rate.
    """

    def __init__(self, net, folder, name, steps, lr, decay=0.998, gentle=()):
        self.net, self.average = net, copy.deepcopy(net).eval()
        self.path, self.log_path = os.path.join(folder, name + ".pt"), os.path.join(folder, name + ".log")
        self.steps, self.decay, self.step = steps, decay, 0
        slow = {id(p) for m in gentle for p in m.parameters()}
        self.optimizer = torch.optim.AdamW(
            [{"params": [p for p in net.parameters() if p.requires_grad and (p.ndim > 1) == matrix and (id(p) in slow) == trained],
              "weight_decay": 0.02 * matrix, "rate": lr * (0.2 if trained else 1.0)}
             for matrix in (True, False) for trained in (True, False)], lr=lr)
        if os.path.exists(self.path):
            state = torch.load(self.path)
            net.load_state_dict(state["net"])
            self.average.load_state_dict(state["average"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.step = state["step"]

    def progress(self):
        """Share of the steps that is done, 0 to 1."""
        return min(1.0, self.step / self.steps)

    def due(self, parts):
        """Whether another of `parts` equal parts of the steps is done just now."""
        return self.step % max(1, self.steps // parts) == 0 or self.step >= self.steps

    def update(self, loss):
        """One optimiser step: warm-up over 200 steps, then a cosine down to 1 % of the rate."""
        share = min(1.0, (self.step + 1) / 200) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * self.progress())))
        for group in self.optimizer.param_groups:
            group["lr"] = group["rate"] * share
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 10.0)
        self.optimizer.step()
        self.step += 1
        keep = min(self.decay, (self.step + 1) / (self.step + 20))
        with torch.no_grad():
            for a, b in zip(self.average.state_dict().values(), self.net.state_dict().values()):
                if a.dtype.is_floating_point:
                    a.mul_(keep).add_(b, alpha=1 - keep)
                else:
                    a.copy_(b)

    def save(self):
        torch.save({"net": self.net.state_dict(), "average": self.average.state_dict(), "step": self.step,
                    "optimizer": self.optimizer.state_dict()}, self.path + ".tmp")
        os.replace(self.path + ".tmp", self.path)

    def log(self, text):
        line = f"{time.strftime('%H:%M:%S')} {100 * self.progress():5.1f}% step {self.step} {text}"
        print(line, flush=True)
        with open(self.log_path, "a") as f:
            f.write(line + "\n")
