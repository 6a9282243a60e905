"""Backbones: levels as announced, weights with and without normalisation, bad files."""

from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch import nn

from adapt_learning.detectors.adapt_small import AdaptSmall
from adapt_learning.detectors.backbone import load_weights
from adapt_learning.detectors.mobilenet_v2 import MobileNetV2
from adapt_learning.detectors.resnet18 import ResNet18
from adapt_learning.errors import ArtifactError, SettingError

BACKBONES = (AdaptSmall, MobileNetV2, ResNet18)
SHARED = Path(__file__).parents[4] / 'shared/data/backbones/mobilenet_v2_imagenet_fp16.safetensors'


def with_normalization(backbone):
    """Return random weights as torchvision stores them, and the convolutions they belong to."""
    generator = torch.Generator().manual_seed(0)
    state, layers = {}, {}
    for name, module in backbone.named_modules():
        if isinstance(module, nn.Conv2d):
            out = module.out_channels
            weight = torch.randn(module.weight.shape, generator=generator) / 10
            norm = nn.BatchNorm2d(out).eval()
            for tensor in (norm.weight, norm.bias, norm.running_mean):
                tensor.data = torch.randn(out, generator=generator) / 3 + 0.5
            norm.running_var.data = torch.rand(out, generator=generator) + 0.5
            state[f'{name}.weight'] = weight
            before = backbone.normalized_by(name)
            if not before:
                state[f'{name}.bias'] = torch.zeros(out)
                continue
            state.update({f'{before}.{key}': value for key, value in norm.state_dict().items()})
            layers[name] = (weight, norm)
    state['classifier.1.weight'] = torch.zeros(10, 10)
    return state, layers


@pytest.mark.parametrize('kind', BACKBONES)
def test_maps_have_the_levels_that_are_announced(kind):
    backbone = kind().eval()
    with torch.no_grad():
        maps = backbone(torch.rand(2, 3, 64, 96))
    assert [tuple(x.shape) for x in maps] == [
        (2, level.channels, 64 // level.stride, 96 // level.stride) for level in backbone.levels]


@pytest.mark.parametrize(('kind', 'names'), [
    (ResNet18, ('conv1.weight', 'bn1.running_mean', 'layer1.0.conv1.weight',
                'layer2.0.bn2.running_var', 'layer2.0.downsample.0.weight',
                'layer2.0.downsample.1.weight', 'layer3.1.conv2.weight')),
    (MobileNetV2, ('features.0.0.weight', 'features.0.1.running_mean',
                   'features.1.conv.0.0.weight', 'features.1.conv.1.weight',
                   'features.1.conv.2.running_var', 'features.2.conv.0.1.weight',
                   'features.2.conv.1.0.weight', 'features.3.conv.2.weight',
                   'features.3.conv.3.bias'))])
def test_names_are_those_of_torchvision(kind, names):
    # Typed from torchvision's files: the other tests take all names from the network.
    assert set(names) <= with_normalization(kind())[0].keys()


@pytest.mark.parametrize('kind', BACKBONES)
def test_normalization_is_folded_into_the_convolution_before_it(kind, tmp_path):
    backbone = kind().eval()
    state, layers = with_normalization(backbone)
    torch.save(state, tmp_path / 'weights.pth')
    load_weights(backbone, tmp_path / 'weights.pth')
    modules = dict(backbone.named_modules())
    for name, (weight, norm) in layers.items():
        folded = modules[name]
        x = torch.randn(1, folded.in_channels, 9, 9, generator=torch.Generator().manual_seed(1))
        plain = nn.functional.conv2d(x, weight, None, folded.stride, folded.padding,
                                     groups=folded.groups)
        with torch.no_grad():
            torch.testing.assert_close(folded(x), norm(plain), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize('kind', BACKBONES)
def test_folded_weights_of_half_precision_are_taken_as_they_are(kind, tmp_path):
    source, target = kind().eval(), kind().eval()
    state = {name: tensor.half() for name, tensor in source.state_dict().items()
             if name not in ('mean', 'std')}
    safetensors.torch.save_file(state, tmp_path / 'weights.safetensors')
    load_weights(target, tmp_path / 'weights.safetensors')
    for name, tensor in target.state_dict().items():
        torch.testing.assert_close(tensor, source.state_dict()[name], rtol=1e-3, atol=1e-3)


def test_what_does_not_fit_is_named(tmp_path):
    backbone = MobileNetV2()
    state = {f'{name}': tensor for name, tensor in backbone.state_dict().items()}
    del state['features.3.conv.2.bias'], state['mean'], state['std']
    safetensors.torch.save_file(state, tmp_path / 'less.safetensors')
    with pytest.raises(ArtifactError, match='features.3.conv.2') as caught:
        load_weights(backbone, tmp_path / 'less.safetensors')
    assert 'mobilenet_v2-7ebf99e0.pth' in str(caught.value)
    state['features.3.conv.2.bias'] = torch.zeros(7)
    safetensors.torch.save_file(state, tmp_path / 'other.safetensors')
    with pytest.raises(ArtifactError, match='shape'):
        load_weights(backbone, tmp_path / 'other.safetensors')
    (tmp_path / 'no.pth').write_bytes(b'not weights')
    with pytest.raises(ArtifactError, match='cannot be read'):
        load_weights(backbone, tmp_path / 'no.pth')
    with pytest.raises(ArtifactError, match='there is no weights file'):
        load_weights(backbone, tmp_path / 'nowhere.pth')


def test_without_a_network_the_way_out_is_said(monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError('no route')
    monkeypatch.setattr(torch.hub, 'load_state_dict_from_url', refuse)
    with pytest.raises(SettingError, match='--weights'):
        load_weights(ResNet18(), None)


@pytest.mark.skipif(not SHARED.is_file(), reason='the shared weights are not on this machine')
def test_trained_features_tell_textures_apart():
    backbone = MobileNetV2().eval()
    load_weights(backbone, SHARED)
    generator = torch.Generator().manual_seed(0)
    noise = torch.rand(2, 3, 128, 128, generator=generator)
    stripes = torch.linspace(0, 40, 128).sin().expand(2, 3, 128, 128) / 2 + 0.5
    with torch.no_grad():
        means = [x.mean((2, 3)) for x in (backbone(noise)[-1], backbone(stripes)[-1])]
    assert (means[0][0] - means[1][0]).norm() > 5 * (means[0][0] - means[0][1]).norm()
