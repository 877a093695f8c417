"""One DCGAN training step and both forward passes in PyTorch, for bench/run.ts: prints one line of JSON with milliseconds."""
import argparse
import json
import time

import torch
from torch import nn
from torch.nn import functional as F

parser = argparse.ArgumentParser()
for name, default in (('image-size', 64), ('features', 64), ('batch-size', 64), ('latent-dim', 100), ('steps', 6), ('threads', 2)):
    parser.add_argument(f'--{name}', type=int, default=default)
options = parser.parse_args()
torch.set_num_threads(options.threads)
torch.manual_seed(0)

stages = (options.image_size // 4).bit_length() - 1
widths = [options.features << i for i in range(stages)]


def generator():
    layers, previous = [], options.latent_dim
    for i, width in enumerate(reversed(widths)):
        layers += [nn.ConvTranspose2d(previous, width, 4, 2 if i else 1, 1 if i else 0, bias=False), nn.BatchNorm2d(width), nn.ReLU(True)]
        previous = width
    return nn.Sequential(*layers, nn.ConvTranspose2d(previous, 3, 4, 2, 1, bias=False), nn.Tanh())


def discriminator():
    layers, previous = [], 3
    for i, width in enumerate(widths):
        layers += [nn.Conv2d(previous, width, 4, 2, 1, bias=False)] + ([nn.BatchNorm2d(width)] if i else []) + [nn.LeakyReLU(0.2, True)]
        previous = width
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(previous * 16, 1))


g, d = generator(), discriminator()
adam_g, adam_d = (torch.optim.Adam(net.parameters(), lr=2e-4, betas=(0.5, 0.999)) for net in (g, d))
real = torch.rand(options.batch_size, 3, options.image_size, options.image_size) * 2 - 1
latents = torch.randn(options.batch_size, options.latent_dim, 1, 1)
ones, zeros = torch.ones(options.batch_size, 1), torch.zeros(options.batch_size, 1)
bce = F.binary_cross_entropy_with_logits


def step():
    adam_d.zero_grad()
    bce(d(real), ones).backward()
    fake = g(latents)
    bce(d(fake.detach()), zeros).backward()
    adam_d.step()
    adam_g.zero_grad()
    bce(d(fake), ones).backward()
    adam_g.step()


def milliseconds(work, runs):
    work()
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - started))
    return sorted(times)


def forward(net, value):
    with torch.inference_mode():
        net(value)


results = {'step': milliseconds(step, options.steps)}
g.eval(), d.eval()
results['generator'] = milliseconds(lambda: forward(g, latents), options.steps)
results['discriminator'] = milliseconds(lambda: forward(d, real), options.steps)
a, b = torch.rand(2048, 2048), torch.rand(2048, 2048)
results['matmul'] = milliseconds(lambda: a @ b, options.steps)
print(json.dumps({'torch': torch.__version__, 'times': results}))
