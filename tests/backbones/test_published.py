import pytest

from headstart.backbones.published import default_tag, missing_weights, published
from headstart.errors import BackboneError, WeightsMissingError


def test_torchvision_weights_are_those_that_torchvision_names():
    from torchvision.models import VGG16_Weights

    for weights in VGG16_Weights:
        found = published("torchvision", "vgg16", weights.name)
        assert found.url == weights.url
        assert weights.url.endswith(f"-{found.sha256_prefix}.pth")
        assert found.filename == weights.url.rpartition("/")[2]
        assert found.fetch_command == f"headstart weights fetch torchvision:vgg16@{weights.name}"


def test_every_classifier_of_torchvision_has_a_digest_and_a_plain_file_name():
    import torchvision
    from torchvision.models import get_model_weights, list_models

    count = 0
    for name in list_models(module=torchvision.models):
        for weights in get_model_weights(name):
            download = published("torchvision", name, weights.name).to_download()
            assert download.checked
            assert download.url.startswith("https://download.pytorch.org/")
            count += 1
    assert count > 80


def test_the_default_tag_is_the_frameworks():
    from torchvision.models import ResNet50_Weights

    assert default_tag("torchvision", "resnet50") == ResNet50_Weights.DEFAULT.name
    assert default_tag("timm", "mobilenetv2_100") == "ra_in1k"
    assert default_tag("torchvision", "no_such_network") is None


def test_a_timm_file_with_a_digest_is_preferred_to_the_hub():
    found = published("timm", "mobilenetv2_100", "ra_in1k")
    assert found.url.startswith("https://github.com/")
    assert found.url.endswith(f"-{found.sha256_prefix}.pth")
    assert (found.licence, found.classes) == ("apache-2.0", "imagenet-1k")


def test_timm_weights_on_the_hub_only_have_no_digest_and_say_so():
    found = published("timm", "aimv2_1b_patch14_224", "apple_pt")
    assert (
        found.url
        == "https://huggingface.co/timm/aimv2_1b_patch14_224.apple_pt/resolve/main/model.safetensors"
    )
    assert found.filename == "aimv2_1b_patch14_224.apple_pt.safetensors"
    assert not found.to_download().checked
    assert found.fetch_command.endswith("--trust-first")
    assert published("timm", "aimv2_1b_patch14_224").tag == "apple_pt"


def test_all_of_timm_can_be_described():
    import timm

    for name in timm.list_pretrained():
        architecture, _, tag = name.partition(".")
        download = published("timm", architecture, tag or None).to_download()
        assert download.url.startswith("https://")
        assert download.filename.endswith((".pth", ".pt", ".safetensors"))


@pytest.mark.parametrize(
    ("framework", "architecture", "tag", "said"),
    [
        ("torchvision", "vgg16", "NO_SUCH", "only IMAGENET1K_V1, IMAGENET1K_FEATURES"),
        ("torchvision", "no_such", None, "no weights for 'no_such'"),
        ("timm", "mobilenetv2_100", "no_such", "only ra_in1k"),
        ("timm", "no_such", None, "no weights for 'no_such'"),
        ("module", "MobileNetV2", None, "torchvision, timm and keras"),
    ],
)
def test_weights_that_nobody_publishes_are_one_clear_line(framework, architecture, tag, said):
    with pytest.raises(BackboneError, match=said) as caught:
        published(framework, architecture, tag)
    assert "\n" not in str(caught.value)


def test_missing_weights_name_file_size_address_and_both_commands():
    error = missing_weights("torchvision", "vgg16")
    assert isinstance(error, WeightsMissingError)
    said = str(error)
    assert "vgg16-397923af.pth (553.4 MB)" in said
    assert "https://download.pytorch.org/models/vgg16-397923af.pth" in said
    assert "`headstart weights fetch torchvision:vgg16@IMAGENET1K_V1`" in said
    add = "headstart weights add vgg16-397923af.pth --backbone torchvision:vgg16 --tag IMAGENET1K_V1"
    assert f"`{add}`" in said
    assert "\n" not in said


def test_missing_weights_of_a_tag_of_ones_own_say_how_to_add_them():
    said = str(missing_weights("torchvision", "squeezenet1_1", "zoo"))
    assert "headstart weights add FILE --backbone torchvision:squeezenet1_1 --tag zoo" in said
