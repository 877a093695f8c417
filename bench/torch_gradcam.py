"""pytorch-grad-cam (`pip install grad-cam`) with a ResNet-50. Without `--pictures` it prints one line of JSON: the times in ms of
methods from the prepared picture to maps. With `--pictures` it is a command that explains each picture of a folder by
`--methods` and writes an overlay, a heatmap and the values of each map.
"""
import argparse
import json
import os
import sys
import time
import types

import torch

try:
    import torchvision
except (ImportError, RuntimeError):
    # Builds for GPUs do not load beside a PyTorch for CPUs. pytorch-grad-cam imports names that nothing here calls.
    for name in [name for name in sys.modules if name.split('.')[0] == 'torchvision']:
        del sys.modules[name]
    for name in ('torchvision', 'torchvision.transforms', 'torchvision.transforms.functional'):
        sys.modules[name] = types.ModuleType(name)
    for name in ('Compose', 'Normalize', 'ToTensor'):
        setattr(sys.modules['torchvision.transforms'], name, None)
    sys.modules['torchvision.transforms.functional'].resize = None

import cv2
import numpy as np
import pytorch_grad_cam as cams
from pytorch_grad_cam.utils.image import show_cam_on_image
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

from torch_resnet50 import resnet50

METHODS = {
    'gradcam': cams.GradCAM,
    'gradcam++': cams.GradCAMPlusPlus,
    'hirescam': cams.HiResCAM,
    'xgradcam': cams.XGradCAM,
    'layercam': cams.LayerCAM,
    'gradcam-elementwise': cams.GradCAMElementWise,
    'finercam': cams.FinerCAM,
    'eigencam': cams.EigenCAM,
    'eigengradcam': cams.EigenGradCAM,
    'scorecam': cams.ScoreCAM,
    'ablationcam': cams.AblationCAM,
    'random': cams.RandomCAM,
    'fullgrad': cams.FullGrad,
}
MEAN, STD = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])
SIZE = 224


# The last convolution, and the last 3×3 convolution of the second stage, which has 128 channels.
LAYERS = {'last': lambda net: net[-4].conv3, 'narrow': lambda net: net[10].conv2}


def explained(net, method, batch, batch_size, layer='last'):
    """Maps of a batch for class 7."""
    with METHODS[method](model=net, target_layers=[LAYERS[layer](net)]) as cam:
        (cam if method != 'finercam' else cam.base_cam).batch_size = batch_size
        if method == 'finercam':
            return cam(input_tensor=batch, target_idx=7)
        return cam(input_tensor=batch, targets=[ClassifierOutputTarget(7)] * len(batch))


def view(path):
    """The middle of a picture, as the network sees it: RGB in 0…1."""
    picture = cv2.imread(path)
    height, width = picture.shape[:2]
    scale = 256 / min(height, width)
    picture = cv2.resize(picture, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA)
    top, left = (picture.shape[0] - SIZE) // 2, (picture.shape[1] - SIZE) // 2
    return np.float32(picture[top : top + SIZE, left : left + SIZE, ::-1]) / 255


def explain_folder(net, options):
    os.makedirs(options.out, exist_ok=True)
    names = sorted(os.listdir(options.pictures))
    for start in range(0, len(names), options.batch):
        own = names[start : start + options.batch]
        views = [view(os.path.join(options.pictures, name)) for name in own]
        batch = torch.from_numpy(np.stack([(v - MEAN) / STD for v in views]).transpose(0, 3, 1, 2).copy())
        for method in options.methods:
            for name, seen, cam in zip(own, views, explained(net, method, batch, options.batch_size)):
                path = os.path.join(options.out, f'{os.path.splitext(name)[0]}-{method}')
                cv2.imwrite(f'{path}-overlay.png', show_cam_on_image(seen, cam, use_rgb=True)[:, :, ::-1])
                cv2.imwrite(f'{path}.png', cv2.applyColorMap(np.uint8(255 * cam), cv2.COLORMAP_JET))
                np.save(f'{path}.npy', cam)


def times(net, options):
    batch = torch.randn(1, 3, SIZE, SIZE)
    result = {}
    for method in options.methods:
        measured = []
        # A first run that does not count, except of methods that run the network over and over.
        for run in range(options.runs + (method not in ('scorecam', 'ablationcam'))):
            started = time.perf_counter()
            explained(net, method, batch, options.batch_size, options.layer)
            measured.append(1000 * (time.perf_counter() - started))
        result[method] = measured[-options.runs :]
    return result


parser = argparse.ArgumentParser(description=__doc__)
for name, default in (('runs', 5), ('batch', 8), ('batch-size', 16), ('threads', 2)):
    parser.add_argument(f'--{name}', type=int, default=default)
parser.add_argument('--methods', type=lambda text: text.split(','), default=list(METHODS))
parser.add_argument('--layer', choices=LAYERS, default='last', help='of the times')
parser.add_argument('--weights', help='file of a state_dict; written if it is missing')
parser.add_argument('--pictures')
parser.add_argument('--out', default='gradcam')
options = parser.parse_args()
torch.set_num_threads(options.threads)
torch.manual_seed(0)
net = resnet50(initialize=not (options.weights and os.path.exists(options.weights)))
if options.weights and os.path.exists(options.weights):
    net.load_state_dict(torch.load(options.weights, weights_only=True))
elif options.weights:
    torch.save(net.state_dict(), options.weights)
if options.pictures:
    explain_folder(net, options)
else:
    print(json.dumps({'version': f'grad-cam, PyTorch {torch.__version__}', 'times': times(net, options)}))
