"""What both trainers share: a schedule over wall-clock time, averaged weights, checkpoints, a log."""
import copy
import math
import os
import time

import torch


class Run:
    """Trains for `minutes` of wall-clock time, so that a busy machine costs steps, not the deadline.

    Keeps an exponential average of the weights, which is what gets evaluated and shipped, and can
    resume from its checkpoint.
    """

    def __init__(self, net, folder, name, minutes, lr, decay=0.998):
        self.net, self.average = net, copy.deepcopy(net).eval()
        self.path, self.seconds = os.path.join(folder, name + ".pt"), minutes * 60
        self.log_path = os.path.join(folder, name + ".log")
        self.lr, self.decay, self.step, self.spent = lr, decay, 0, 0.0
        weights = [p for p in net.parameters() if p.requires_grad and p.ndim > 1]
        others = [p for p in net.parameters() if p.requires_grad and p.ndim <= 1]
        self.optimizer = torch.optim.AdamW([{"params": weights, "weight_decay": 0.02},
                                            {"params": others, "weight_decay": 0.0}], lr=lr)
        if os.path.exists(self.path):
            state = torch.load(self.path)
            net.load_state_dict(state["net"])
            self.average.load_state_dict(state["average"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.step, self.spent = state["step"], state["spent"]
        self.started = time.time() - self.spent

    def progress(self):
        """Share of the time that is gone, 0 to 1."""
        return min(1.0, (time.time() - self.started) / self.seconds)

    def update(self, loss):
        """One optimiser step: warm-up over 200 steps, then a cosine down to 1 % of the rate."""
        rate = self.lr * min(1.0, (self.step + 1) / 200) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * self.progress())))
        for group in self.optimizer.param_groups:
            group["lr"] = rate
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
                    "optimizer": self.optimizer.state_dict(), "spent": time.time() - self.started}, self.path + ".tmp")
        os.replace(self.path + ".tmp", self.path)

    def log(self, text):
        line = f"{time.strftime('%H:%M:%S')} {100 * self.progress():5.1f}% step {self.step} {text}"
        print(line, flush=True)
        with open(self.log_path, "a") as f:
            f.write(line + "\n")
