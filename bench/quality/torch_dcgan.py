"""The networks and the training of PyTorch's DCGAN tutorial (ngf = ndf = width, Adam 2e-4, beta1 0.5), for a given time or number of steps.

The tutorial has width 64 and batch 128.

Reads pictures as bytes [N, S, S, C], trains in channels_last, which is PyTorch's fastest layout here, and writes samples as
bytes of the same layout. At 32 pixels a stage of each network is left out. With `--checkpoint FILE` it goes on from that file, and
writes it every minute. Prints one line of JSON: steps, stepTime (the mean of steps after the first three, in milliseconds), torch.
For bench/quality/quality.ts.
"""
import argparse
import json
import os
import sys
import time

import numpy as np
import torch
from torch import nn

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument('--data', required=True)
parser.add_argument('--out', required=True)
for name in ('size', 'channels', 'samples', 'width', 'batch', 'steps'):
    parser.add_argument(f'--{name}', type=int, required=True)
parser.add_argument('--minutes', type=float, required=True)
parser.add_argument('--checkpoint')
options = parser.parse_args()
CHECKPOINT_EVERY = 60  # seconds
WARM_UP = 3  # steps
size, channels, batch, latent, width = options.size, options.channels, options.batch, 100, options.width
stages = {32: 2, 64: 3, 128: 4}[size]
torch.manual_seed(999)


def generator():
    layers, wide = [], width * 2**stages
    layers += [nn.ConvTranspose2d(latent, wide, 4, 1, 0, bias=False), nn.BatchNorm2d(wide), nn.ReLU(True)]
    for _ in range(stages):
        layers += [nn.ConvTranspose2d(wide, wide // 2, 4, 2, 1, bias=False), nn.BatchNorm2d(wide // 2), nn.ReLU(True)]
        wide //= 2
    return nn.Sequential(*layers, nn.ConvTranspose2d(wide, channels, 4, 2, 1, bias=False), nn.Tanh())


def discriminator():
    layers, wide = [nn.Conv2d(channels, width, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, True)], width
    for _ in range(stages):
        layers += [nn.Conv2d(wide, wide * 2, 4, 2, 1, bias=False), nn.BatchNorm2d(wide * 2), nn.LeakyReLU(0.2, True)]
        wide *= 2
    return nn.Sequential(*layers, nn.Conv2d(wide, 1, 4, 1, 0, bias=False), nn.Sigmoid())


def initial(module):
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)


raw = np.fromfile(options.data, np.uint8).reshape(-1, size, size, channels)
pictures = torch.from_numpy(raw).permute(0, 3, 1, 2).contiguous()
g, d = (net.apply(initial).to(memory_format=torch.channels_last) for net in (generator(), discriminator()))
adam_g, adam_d = (torch.optim.Adam(net.parameters(), lr=2e-4, betas=(0.5, 0.999)) for net in (g, d))
bce, ones, zeros = nn.BCELoss(), torch.ones(batch), torch.zeros(batch)
trained = {'g': g, 'd': d, 'adam_g': adam_g, 'adam_d': adam_d}
steps, order = 0, torch.empty(0, dtype=torch.long)


def write_checkpoint():
    state = {name: part.state_dict() for name, part in trained.items()}
    torch.save({**state, 'steps': steps, 'order': order, 'random': torch.get_rng_state()}, f'{options.checkpoint}.part')
    os.replace(f'{options.checkpoint}.part', options.checkpoint)


if options.checkpoint and os.path.exists(options.checkpoint):
    state = torch.load(options.checkpoint)
    for name, part in trained.items():
        part.load_state_dict(state[name])
    steps, order = state['steps'], state['order']
    torch.set_rng_state(state['random'])
first, started = steps, time.perf_counter()
written = started
while time.perf_counter() - started < options.minutes * 60 and steps < options.steps:
    if steps == first + WARM_UP:
        warm = time.perf_counter()
    if len(order) < batch:
        order = torch.randperm(len(pictures))
    chosen, order = order[:batch], order[batch:]
    real = (pictures[chosen].float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)
    d.zero_grad()
    bce(d(real).view(-1), ones).backward()
    fake = g(torch.randn(batch, latent, 1, 1))
    bce(d(fake.detach()).view(-1), zeros).backward()
    adam_d.step()
    g.zero_grad()
    bce(d(fake).view(-1), ones).backward()
    adam_g.step()
    steps += 1
    if options.checkpoint and time.perf_counter() - written > CHECKPOINT_EVERY:
        write_checkpoint()
        written = time.perf_counter()
        print(f'  {steps} of {options.steps} steps', file=sys.stderr)
measured = steps - first - WARM_UP
step_time = round(1000 * (time.perf_counter() - warm) / measured, 3) if measured > 0 else None

g.eval()
with torch.no_grad(), open(options.out, 'wb') as file:
    left = options.samples
    while left > 0:
        made = g(torch.randn(min(64, left), latent, 1, 1))
        file.write(((made + 1) * 127.5).round().clamp(0, 255).byte().permute(0, 2, 3, 1).contiguous().numpy().tobytes())
        left -= len(made)
print(json.dumps({'steps': steps, 'stepTime': step_time, 'torch': torch.__version__}))
