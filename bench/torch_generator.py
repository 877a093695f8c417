"""A DCGAN generator in PyTorch, eager and compiled, at several batch sizes: prints one line of JSON, pictures per second."""
import json
import statistics
import sys

import torch

from torch_forward import generator, milliseconds, parsed_options

BATCHES = (1, 8, 64)


def pictures_per_second(network, options, batch):
    latents = torch.randn(batch, options.latent_dim, 1, 1)
    with torch.inference_mode():
        return 1000 * batch / statistics.median(milliseconds(lambda: network(latents), options.steps))


if __name__ == '__main__':
    options = parsed_options(__doc__)
    network = generator(options).eval()
    results = {'torch': torch.__version__, 'eager': {b: pictures_per_second(network, options, b) for b in BATCHES}}
    try:
        compiled = torch.compile(network, dynamic=False)
        results['compiled'] = {b: pictures_per_second(compiled, options, b) for b in BATCHES}
    except Exception as error:  # no C++ compiler, for one
        print(f'torch.compile: {error}'.splitlines()[0], file=sys.stderr)
    print(json.dumps(results))
