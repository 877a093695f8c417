"""The first steps of the CUB report's loop in PyTorch, by the discriminator's head and how that starts: which network wins?

python3 bench/torch_heads.py PICTURES --head conv|conv-default|dense   (conv-default: the head keeps PyTorch's own initialisation)
"""
import argparse
import pathlib
import random
import statistics

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument('pictures', type=pathlib.Path)
parser.add_argument('--head', choices=['conv', 'conv-default', 'dense'], required=True)
parser.add_argument('--steps', type=int, default=30)
parser.add_argument('--batch-size', type=int, default=16)
parser.add_argument('--channels', type=int, default=128)
parser.add_argument('--image-size', type=int, default=128)
options = parser.parse_args()
torch.manual_seed(999)
random.seed(999)

size, channels = options.image_size, options.channels
stages = int(np.log2(size // 4))
paths = sorted(options.pictures.glob('*/*.jpg'))
mean, std = (np.array(each, np.float32) for each in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))


def batch():
    pictures = [ImageOps.fit(Image.open(path).convert('RGB'), (size, size), Image.BILINEAR) for path in random.sample(paths, options.batch_size)]
    return torch.from_numpy(np.stack([((np.asarray(each, np.float32) / 255 - mean) / std).transpose(2, 0, 1) for each in pictures]))


def generator():
    width = [channels * 2 ** (stages - 1 - stage) for stage in range(stages)]
    layers = [nn.ConvTranspose2d(100, width[0], 4, 1, 0, bias=False), nn.BatchNorm2d(width[0]), nn.ReLU()]
    for inner, outer in zip(width, width[1:]):
        layers += [nn.ConvTranspose2d(inner, outer, 4, 2, 1, bias=False), nn.BatchNorm2d(outer), nn.ReLU()]
    return nn.Sequential(*layers, nn.ConvTranspose2d(width[-1], 3, 4, 2, 1, bias=False), nn.Tanh())


def discriminator():
    width = [channels * 2**stage for stage in range(stages)]
    layers = [nn.Conv2d(3, width[0], 4, 2, 1, bias=False), nn.LeakyReLU(0.2)]
    for inner, outer in zip(width, width[1:]):
        layers += [nn.Conv2d(inner, outer, 4, 2, 1, bias=False), nn.BatchNorm2d(outer), nn.LeakyReLU(0.2)]
    dense = options.head == 'dense'
    head = nn.Linear(16 * width[-1], 1) if dense else nn.Conv2d(width[-1], 1, 4, 1, 0, bias=False)
    return nn.Sequential(*layers, *([nn.Flatten(), head] if dense else [head, nn.Flatten()])), head


def initialise(module):
    if module is head and options.head != 'conv':
        return
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.normal_(module.weight, 0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1, 0.02)


def loss(logits, label):
    return nn.functional.binary_cross_entropy(torch.sigmoid(logits), torch.full_like(logits, label))


fake_of = generator()
judge, head = discriminator()
fake_of.apply(initialise)
judge.apply(initialise)
adam_d, adam_g = (torch.optim.Adam(net.parameters(), 2e-4, betas=(0.5, 0.999)) for net in (judge, fake_of))
losses = []
for step in range(1, options.steps + 1):
    fake = fake_of(torch.randn(options.batch_size, 100, 1, 1))
    adam_d.zero_grad()
    loss_d = loss(judge(batch()), 1.0) + loss(judge(fake.detach()), 0.0)
    loss_d.backward()
    adam_d.step()
    adam_g.zero_grad()
    loss_g = loss(judge(fake), 1.0)
    loss_g.backward()
    adam_g.step()
    losses.append((loss_d.item(), loss_g.item()))
    if step % 10 == 0:
        print(f'{options.head}, steps {step - 9} to {step}: Loss_D {statistics.mean(d for d, _ in losses[-10:]):.2f}, Loss_G {statistics.mean(g for _, g in losses[-10:]):.2f}', flush=True)
