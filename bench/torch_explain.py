"""Grad-CAM of a ResNet-50 in PyTorch eager with hooks: prints one line of JSON. Each time runs from the prepared batch to
maps at picture size. `last`, `all`, `first`: torch.autograd.grad at the layers; `…_backward`:
score.backward(), which also fills the gradients of weights, as pytorch-grad-cam does.
"""
import argparse
import json
import time

import torch
from torch import nn
from torch.nn import functional as F

from torch_resnet50 import resnet50


def maps(net, x, layers, backward):
    activations = []
    hooks = [layer.register_forward_hook(lambda m, i, o: activations.append(o)) for layer in layers]
    logits = net(x)
    for hook in hooks:
        hook.remove()
    score = logits[:, 7].sum()
    if backward:
        for a in activations:
            a.retain_grad()
        net.zero_grad()
        score.backward()
        gradients = [a.grad for a in activations]
    else:
        gradients = torch.autograd.grad(score, activations)
    result = []
    for a, g in zip(activations, gradients):
        cam = F.relu((g.mean((2, 3), keepdim=True) * a).sum(1, keepdim=True)).detach()
        cam = cam - cam.amin((2, 3), keepdim=True)
        cam = cam / (cam.amax((2, 3), keepdim=True) + 1e-7)
        cam = F.interpolate(cam, x.shape[2:], mode='bilinear', align_corners=False)
        result.append(cam.numpy())
    return result


def times(work, runs):
    work()
    measured = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        measured.append(1000 * (time.perf_counter() - started))
    return measured


parser = argparse.ArgumentParser(description=__doc__)
for name, default in (('runs', 5), ('batch', 8), ('threads', 2)):
    parser.add_argument(f'--{name}', type=int, default=default)
options = parser.parse_args()
torch.set_num_threads(options.threads)
torch.manual_seed(0)
net = resnet50()
convs = [m for m in net.modules() if isinstance(m, nn.Conv2d)]
# The last convolution in the order in which they run is conv3 of the last block.
last = net[-4].conv3
noise = torch.randn(options.batch, 3, 224, 224)
fresh = lambda count: noise[:count].clone()


def forward():
    with torch.inference_mode():
        return net(fresh(1))


result = {'forward': times(forward, options.runs)}
for name, layers, count in (('last', [last], 1), ('last_batch', [last], options.batch), ('all', convs, 1), ('first', convs[:1], 1)):
    for backward in (False, True):
        key = f'{name}_backward' if backward else name
        result[key] = times(lambda: maps(net, fresh(count), layers, backward), options.runs)
print(json.dumps({'torch': torch.__version__, 'times': result}))
