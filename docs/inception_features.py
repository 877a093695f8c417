"""Writes inception.onnx, pytorch-fid's Inception network for gan-eval: its features, the resizing to 299×299 and the scaling to −1…1.

pip install torch==2.13.0 torchvision onnx pytorch-fid
python3 docs/inception_features.py pt_inception-2015-12-05-6726825d.pth    # weights that pytorch-fid has downloaded
python3 docs/inception_features.py --random 1 --fid birds-a birds-b        # random weights, and pytorch-fid's number with them

The outputs are features (2,048 numbers, FID) and features_64, features_192 and features_768, the smaller --dims of pytorch-fid.
"""
import argparse
from unittest import mock

import onnx
import torch
from pytorch_fid import fid_score, inception

DIMS = inception.InceptionV3.BLOCK_INDEX_BY_DIM


def trained(path):
    """pytorch-fid's network with the weights in a file."""
    weights = torch.load(path, map_location='cpu', weights_only=True)
    with mock.patch.object(inception, 'load_state_dict_from_url', lambda *_, **__: weights):
        return inception.InceptionV3(DIMS.values()).eval()


def random(seed):
    """The same network with random weights that neither silence nor inflate the activations."""
    torch.manual_seed(seed)
    nothing = mock.patch.object(inception, 'load_state_dict_from_url', lambda *_, **__: {})
    with nothing, mock.patch.object(torch.nn.Module, 'load_state_dict'):
        net = inception.InceptionV3(DIMS.values()).eval()
    for module in net.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(module.weight, nonlinearity='relu')
        if isinstance(module, torch.nn.BatchNorm2d):
            for values, low, high in [(module.weight, 0.5, 1.5), (module.running_var, 0.5, 1.5)]:
                torch.nn.init.uniform_(values, low, high)
            for values in [module.bias, module.running_mean]:
                torch.nn.init.normal_(values, std=0.1)
    return net


class Features(torch.nn.Module):
    """Pictures [N, 3, height, width] of 0…1 → features [N, 2048], and the maps that the smaller ones are averages of."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, pictures):
        *maps, last = self.net(pictures)
        return last.flatten(1), *maps


def write(net, path):
    names = ['features', *(f'features_{dims}' for dims in DIMS if dims != 2048)]
    torch.onnx.export(
        Features(net),
        torch.zeros(1, 3, 64, 64),
        path,
        dynamo=False,
        opset_version=17,
        input_names=['pictures'],
        output_names=names,
        dynamic_axes={'pictures': {0: 'N', 2: 'height', 3: 'width'}, **{name: {0: 'N'} for name in names}},
    )
    model = onnx.load(path)
    onnx.helper.set_model_props(model, {'Image.NominalPixelRange': 'Normalized_0_1', 'Image.BitmapPixelFormat': 'Rgb8'})
    onnx.save(model, path)


def distance(net, folders, dims):
    """The Fréchet distance of two folders of pictures, computed by pytorch-fid."""
    net.output_blocks, net.last_needed_block = [DIMS[dims]], DIMS[dims]
    (mu1, sigma1), (mu2, sigma2) = (
        fid_score.compute_statistics_of_path(folder, net, 50, dims, 'cpu', num_workers=0) for folder in folders
    )
    return fid_score.calculate_frechet_distance(mu1, sigma1, mu2, sigma2)


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument('weights', nargs='?', help='file of weights')
parser.add_argument('--random', type=int, metavar='SEED', help='random weights instead')
parser.add_argument('--out', default='inception.onnx', help='file to write')
parser.add_argument('--fid', nargs=2, metavar='FOLDER', help="also print pytorch-fid's distance of two folders")
parser.add_argument('--dims', type=int, default=2048, choices=list(DIMS), help='features of that distance')

if __name__ == '__main__':
    options = parser.parse_args()
    if (options.weights is None) == (options.random is None):
        parser.error('expected a file of weights or --random SEED')
    network = trained(options.weights) if options.random is None else random(options.random)
    write(network, options.out)
    if options.fid:
        print(f'pytorch-fid: {distance(network, options.fid, options.dims):.10g}')
