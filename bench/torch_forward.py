"""DCGAN forward passes in PyTorch eager, in inference form: prints one line of JSON. Also the networks of torch_step.py."""
import argparse
import json
import statistics
import time

import torch
from torch import nn


def parsed_options(description, also=()):
    """Command line of both scripts; `--features` sets --ngf and --ndf at once. `also` names further integers."""
    parser = argparse.ArgumentParser(description=description)
    for name, default in (('image-size', 64), ('batch-size', 64), ('latent-dim', 100), ('steps', 6), ('threads', 2)):
        parser.add_argument(f'--{name}', type=int, default=default)
    for name in ('features', 'ngf', 'ndf', *also):
        parser.add_argument(f'--{name}', type=int)
    parser.add_argument('--head', choices=('dense', 'conv'), default='dense')
    options = parser.parse_args()
    options.ngf = options.ngf or options.features or 64
    options.ndf = options.ndf or options.features or 64
    if options.image_size < 8 or options.image_size & (options.image_size - 1):
        parser.error(f'--image-size: expected a power of two from 8 on; got {options.image_size}')
    if options.steps < 1:
        parser.error(f'--steps: expected 1 or more; got {options.steps}')
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    return options


def widths(options, base):
    return [base << stage for stage in range((options.image_size // 4).bit_length() - 1)]


def generator(options):
    layers, previous = [], options.latent_dim
    for i, width in enumerate(reversed(widths(options, options.ngf))):
        layers += [nn.ConvTranspose2d(previous, width, 4, 2 if i else 1, 1 if i else 0, bias=False), nn.BatchNorm2d(width), nn.ReLU(True)]
        previous = width
    return nn.Sequential(*layers, nn.ConvTranspose2d(previous, 3, 4, 2, 1, bias=False), nn.Tanh())


def discriminator(options):
    """Ends in the logit."""
    layers, previous = [], 3
    for i, width in enumerate(widths(options, options.ndf)):
        layers += [nn.Conv2d(previous, width, 4, 2, 1, bias=False)] + ([nn.BatchNorm2d(width)] if i else []) + [nn.LeakyReLU(0.2, True)]
        previous = width
    head = [nn.Flatten(), nn.Linear(previous * 16, 1)] if options.head == 'dense' else [nn.Conv2d(previous, 1, 4, bias=False), nn.Flatten()]
    return nn.Sequential(*layers, *head)


def inputs(options):
    """Random pictures in -1…1 and latents."""
    real = torch.rand(options.batch_size, 3, options.image_size, options.image_size) * 2 - 1
    return real, torch.randn(options.batch_size, options.latent_dim, 1, 1)


def milliseconds(work, runs):
    """Sorted times of several runs, after a first one that is not counted."""
    work()
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - started))
    return sorted(times)


def summary(times):
    return {'median_ms': round(statistics.median(times), 3), 'min_ms': round(times[0], 3), 'runs': len(times)}


def forward_times(g, d, real, latents, runs):
    """Times of both networks, which are left in inference form."""
    with torch.inference_mode():
        g.eval(), d.eval()
        return {'generator': milliseconds(lambda: g(latents), runs), 'discriminator': milliseconds(lambda: d(real), runs)}


if __name__ == '__main__':
    options = parsed_options(__doc__)
    times = forward_times(generator(options), discriminator(options), *inputs(options), options.steps)
    print(json.dumps({**{network: summary(values) for network, values in times.items()},
                      'torch': torch.__version__, 'threads': torch.get_num_threads()}))
