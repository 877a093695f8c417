"""One DCGAN training step in PyTorch: eager, channels_last, compiled, and bfloat16 by autocast; with a product of 2048²
matrices and both forward passes (eager) beside it.

Prints one line of JSON: median_ms, min_ms and runs of the eager step, torch, threads, matmul_gflops, under `times` all
milliseconds of step, channels_last, compiled, bfloat16, generator, discriminator and matmul, and under `failed` the variants
that did not run, with the reason. For bench/run.ts.

With --memory N: N steps with channels_last only, and peak_mb, the peak resident memory of the process. For bench/step-memory.ts.
"""
import json
import resource
import statistics
import sys

import torch
from torch.nn import functional as F

sys.dont_write_bytecode = True
from torch_forward import discriminator, forward_times, generator, inputs, milliseconds, parsed_options, summary

options = parsed_options(__doc__, also=['memory'])
ones, zeros = torch.ones(options.batch_size, 1), torch.zeros(options.batch_size, 1)
bce = F.binary_cross_entropy_with_logits


def training(variant):
    """Networks and a training step: eager, channels_last, compiled or bfloat16."""
    torch.manual_seed(0)
    g, d = generator(options), discriminator(options)
    real, latents = inputs(options)
    if variant in ('channels_last', 'bfloat16'):
        g, d = (net.to(memory_format=torch.channels_last) for net in (g, d))
        real, latents = (x.contiguous(memory_format=torch.channels_last) for x in (real, latents))
    adam_g, adam_d = (torch.optim.Adam(net.parameters(), lr=2e-4, betas=(0.5, 0.999)) for net in (g, d))
    forward_g, forward_d = (torch.compile(g), torch.compile(d)) if variant == 'compiled' else (g, d)

    def step():
        with torch.autocast('cpu', torch.bfloat16, enabled=variant == 'bfloat16'):
            adam_d.zero_grad()
            bce(forward_d(real), ones).backward()
            fake = forward_g(latents)
            bce(forward_d(fake.detach()), zeros).backward()
            adam_d.step()
            adam_g.zero_grad()
            bce(forward_d(fake), ones).backward()
            adam_g.step()

    return g, d, real, latents, step


if options.memory:
    *_, step = training('channels_last')
    for _ in range(options.memory):
        step()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(json.dumps({'torch': torch.__version__, 'peak_mb': round(peak)}))
    sys.exit()

times, failed = {}, {}
for variant in ('step', 'channels_last', 'compiled', 'bfloat16'):
    try:
        *networks, step = training(variant)
        times[variant] = milliseconds(step, options.steps)
    except Exception as error:  # torch.compile needs a C++ compiler
        failed[variant] = str(error).strip().split('\n')[0][:200]
    if variant == 'step':
        times |= forward_times(*networks, options.steps)
a, b = torch.rand(2048, 2048), torch.rand(2048, 2048)
times['matmul'] = milliseconds(lambda: a @ b, options.steps)
print(json.dumps({**summary(times['step']), 'torch': torch.__version__, 'threads': torch.get_num_threads(),
                  'matmul_gflops': round(2 * 2048**3 / statistics.median(times['matmul']) / 1e6, 1), 'times': times, 'failed': failed}))
